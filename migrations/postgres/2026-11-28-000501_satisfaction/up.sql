-- What petitioners say of answers.

CREATE TABLE satisfaction (
    id          TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    case_id     TEXT COLLATE "C" NOT NULL REFERENCES cases (id) ON DELETE CASCADE,
    -- The answer that is rated.
    event_id    TEXT COLLATE "C" NOT NULL,
    township_id TEXT COLLATE "C" NOT NULL REFERENCES units (id),
    -- The unit that answered.
    unit_id     TEXT COLLATE "C" REFERENCES units (id),
    rating      TEXT COLLATE "C" NOT NULL,
    way         TEXT COLLATE "C" NOT NULL,
    words       TEXT COLLATE "C",
    rated_on    DATE NOT NULL,
    at          TIMESTAMP NOT NULL,
    -- None: the petitioner, on the public page.
    author_id   TEXT COLLATE "C" REFERENCES users (id),
    -- None while it stands.
    replaced_on DATE
);
CREATE UNIQUE INDEX satisfaction_stands ON satisfaction (event_id) WHERE replaced_on IS NULL;
CREATE INDEX satisfaction_case ON satisfaction (case_id, id);
CREATE INDEX satisfaction_township ON satisfaction (township_id, rated_on);
