DROP TABLE missed_alerts;
DROP TABLE alert_events;
DROP TABLE alerts;
