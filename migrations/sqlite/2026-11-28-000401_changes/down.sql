DROP INDEX cases_changed;
ALTER TABLE cases DROP COLUMN changed;
