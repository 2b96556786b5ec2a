-- Assessments of villages: one a village, year and kind.
CREATE TABLE assessments (
    id          TEXT PRIMARY KEY NOT NULL,
    township_id TEXT NOT NULL REFERENCES units (id),
    year        INTEGER NOT NULL,
    kind        TEXT NOT NULL,
    village_id  TEXT NOT NULL REFERENCES units (id),
    stage       TEXT NOT NULL,
    -- What was filled in, and the data that it was scored with (JSON).
    body        TEXT NOT NULL,
    -- In tenths of a point.
    total       INTEGER,
    vetoed      BOOLEAN NOT NULL,
    named       BOOLEAN,
    reviewed_on DATE,
    version     BIGINT NOT NULL,
    updated_at  TIMESTAMP NOT NULL
);
CREATE UNIQUE INDEX assessments_village ON assessments (township_id, year, kind, village_id);
