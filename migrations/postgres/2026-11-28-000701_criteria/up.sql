-- Criteria sheets of assessments: versions of a township's kind. What is not here is the bundled sheet.
CREATE TABLE criteria_sheets (
    id          TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    township_id TEXT COLLATE "C" NOT NULL REFERENCES units (id),
    kind        TEXT COLLATE "C" NOT NULL,
    -- From which year on it holds.
    year        INTEGER NOT NULL,
    -- Among the kind's, from 1.
    number      INTEGER NOT NULL,
    state       TEXT COLLATE "C" NOT NULL,
    -- What it asks for (JSON).
    body        TEXT COLLATE "C" NOT NULL,
    note        TEXT COLLATE "C",
    author_id   TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    enforced_by TEXT COLLATE "C" REFERENCES users (id),
    enforced_at TIMESTAMP,
    ground      TEXT COLLATE "C",
    version     BIGINT NOT NULL,
    updated_at  TIMESTAMP NOT NULL
);
CREATE UNIQUE INDEX criteria_sheets_number ON criteria_sheets (township_id, kind, number);

-- Naming and rewards that follow from a decided assessment.
CREATE TABLE honours (
    id            TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    assessment_id TEXT COLLATE "C" NOT NULL REFERENCES assessments (id),
    kind          TEXT COLLATE "C" NOT NULL,
    title         TEXT COLLATE "C" NOT NULL,
    evidence      TEXT COLLATE "C" NOT NULL,
    state         TEXT COLLATE "C" NOT NULL,
    author_id     TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    proposed_at   TIMESTAMP NOT NULL,
    decided_by    TEXT COLLATE "C" REFERENCES users (id),
    decided_at    TIMESTAMP,
    ground        TEXT COLLATE "C",
    number        TEXT COLLATE "C",
    version       BIGINT NOT NULL
);
CREATE INDEX honours_assessment ON honours (assessment_id);
