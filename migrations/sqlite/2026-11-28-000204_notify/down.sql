DROP TABLE robot_messages;
DROP TABLE robots;
DROP TABLE scheduler_lease;
DROP TABLE notice_prefs;
DROP INDEX notices_at;
DROP INDEX notices_told;
ALTER TABLE notices DROP COLUMN live;
ALTER TABLE notices DROP COLUMN case_id;
