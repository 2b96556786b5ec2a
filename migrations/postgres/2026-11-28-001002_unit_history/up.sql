-- Units that were merged into another (行政村合并): into which, and from which day on. The unit stays, closed.
ALTER TABLE units ADD COLUMN merged_into TEXT COLLATE "C" REFERENCES units (id);
ALTER TABLE units ADD COLUMN merged_on DATE;
-- Names that units had before: each in force until the day before `until`.
CREATE TABLE unit_names (
    id      TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    unit_id TEXT COLLATE "C" NOT NULL REFERENCES units (id),
    name    TEXT COLLATE "C" NOT NULL,
    until   DATE NOT NULL
);
CREATE INDEX unit_names_unit ON unit_names (unit_id, until);
