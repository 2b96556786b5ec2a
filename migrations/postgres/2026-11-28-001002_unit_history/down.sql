DROP TABLE unit_names;
ALTER TABLE units DROP COLUMN merged_on;
ALTER TABLE units DROP COLUMN merged_into;
