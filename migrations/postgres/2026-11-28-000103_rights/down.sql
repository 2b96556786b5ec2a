ALTER TABLE case_matters DROP COLUMN right_what;
ALTER TABLE case_matters DROP COLUMN right_on;
