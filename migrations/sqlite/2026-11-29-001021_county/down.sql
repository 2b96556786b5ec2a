-- What was handed up stays as events of the case; its matter is of a kind that earlier releases do not know.
DELETE FROM case_matters WHERE kind = 'escalation';
DROP INDEX cases_handed_up;
ALTER TABLE cases DROP COLUMN handed_up_to;
