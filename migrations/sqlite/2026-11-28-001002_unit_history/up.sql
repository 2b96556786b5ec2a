-- Units that were merged into another (行政村合并): into which, and from which day on. The unit stays, closed.
ALTER TABLE units ADD COLUMN merged_into TEXT REFERENCES units (id);
ALTER TABLE units ADD COLUMN merged_on DATE;
-- Names that units had before: each in force until the day before `until`.
CREATE TABLE unit_names (
    id      TEXT PRIMARY KEY NOT NULL,
    unit_id TEXT NOT NULL REFERENCES units (id),
    name    TEXT NOT NULL,
    until   DATE NOT NULL
);
CREATE INDEX unit_names_unit ON unit_names (unit_id, until);
