-- Official documents of a case, each kept as it was made. A voided one stays, with its number.

CREATE TABLE case_papers (
    id          TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    case_id     TEXT COLLATE "C" NOT NULL REFERENCES cases (id) ON DELETE CASCADE,
    township_id TEXT COLLATE "C" NOT NULL REFERENCES units (id),
    kind        TEXT COLLATE "C" NOT NULL,
    number      TEXT COLLATE "C" NOT NULL,
    addressee   TEXT COLLATE "C",
    -- The person of the case that it is addressed to; who is removed from the case stays named in it.
    person_id   TEXT COLLATE "C",
    -- The day that it bears.
    on_day      DATE NOT NULL,
    at          TIMESTAMP NOT NULL,
    actor_id    TEXT COLLATE "C" NOT NULL,
    actor_name  TEXT COLLATE "C" NOT NULL,
    -- What it says (JSON).
    body        TEXT COLLATE "C" NOT NULL,
    void_at     TIMESTAMP,
    void_id     TEXT COLLATE "C",
    void_name   TEXT COLLATE "C",
    void_reason TEXT COLLATE "C",
    version     BIGINT NOT NULL,
    UNIQUE (township_id, number)
);
CREATE INDEX case_papers_case ON case_papers (case_id, id);

-- Contact that does no harm: how a person is to be reached.
ALTER TABLE case_people ADD COLUMN contact_hours TEXT COLLATE "C";
ALTER TABLE case_people ADD COLUMN do_not_call BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE case_people ADD COLUMN neutral_wording BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE case_people ADD COLUMN trusted_name TEXT COLLATE "C";
-- Encrypted, as the person's own numbers are.
ALTER TABLE case_people ADD COLUMN trusted_phone BYTEA;
