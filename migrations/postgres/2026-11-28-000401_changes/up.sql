-- By what figures find the cases that have changed since they last looked: 0 from registration, for a
-- new case is found by its docid. On SQLite a number that rises with each change; on PostgreSQL the
-- transaction's, as there several change cases at a time and commit in any order.
ALTER TABLE cases ADD COLUMN changed BIGINT NOT NULL DEFAULT 0;
-- Registration leaves it alone.
CREATE INDEX cases_changed ON cases (changed) WHERE changed > 0;
