-- Assessments of villages: one a village, year and kind.
CREATE TABLE assessments (
    id          TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    township_id TEXT COLLATE "C" NOT NULL REFERENCES units (id),
    year        INTEGER NOT NULL,
    kind        TEXT COLLATE "C" NOT NULL,
    village_id  TEXT COLLATE "C" NOT NULL REFERENCES units (id),
    stage       TEXT COLLATE "C" NOT NULL,
    -- What was filled in, and the data that it was scored with (JSON).
    body        TEXT COLLATE "C" NOT NULL,
    -- In tenths of a point.
    total       INTEGER,
    vetoed      BOOLEAN NOT NULL,
    named       BOOLEAN,
    reviewed_on DATE,
    version     BIGINT NOT NULL,
    updated_at  TIMESTAMP NOT NULL
);
CREATE UNIQUE INDEX assessments_village ON assessments (township_id, year, kind, village_id);
