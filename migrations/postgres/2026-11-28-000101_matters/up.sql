-- Matters of a case: mediation, hearing, order, backlog package, contact plan, measure, visit to a
-- higher level, service of a document, referral. What lists look at stands in columns of its own.

CREATE TABLE case_matters (
    id          TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    case_id     TEXT COLLATE "C" NOT NULL REFERENCES cases (id) ON DELETE CASCADE,
    township_id TEXT COLLATE "C" NOT NULL REFERENCES units (id),
    kind        TEXT COLLATE "C" NOT NULL,
    state       TEXT COLLATE "C" NOT NULL,
    state_label TEXT COLLATE "C" NOT NULL,
    tone        TEXT COLLATE "C" NOT NULL,
    -- What it is about, in a line.
    title       TEXT COLLATE "C" NOT NULL,
    -- Whether something is still to be done.
    open        BOOLEAN NOT NULL,
    opened_on   DATE NOT NULL,
    -- What is due next; 9999-12-31: nothing is.
    due_on      DATE NOT NULL,
    due_what    TEXT COLLATE "C",
    -- The unit whose turn it is.
    unit_id     TEXT COLLATE "C" REFERENCES units (id),
    -- The matter itself, as its kind keeps it (JSON).
    body        TEXT COLLATE "C" NOT NULL,
    version     BIGINT NOT NULL,
    created_at  TIMESTAMP NOT NULL,
    updated_at  TIMESTAMP NOT NULL
);
CREATE INDEX case_matters_case ON case_matters (case_id, id);
CREATE INDEX case_matters_kind ON case_matters (township_id, kind, open, due_on, id);
