UPDATE cases SET responsible_unit_id = offered_unit_id
WHERE state = 'transferred' AND offered_unit_id IS NOT NULL;
DROP INDEX cases_offered;
ALTER TABLE cases DROP COLUMN reviewed;
ALTER TABLE cases DROP COLUMN heard;
ALTER TABLE cases DROP COLUMN offered_unit_id;
