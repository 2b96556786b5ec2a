-- Who does the work of a colleague who is absent (临时代理), from a first to a last day.

CREATE TABLE deputations (
    id          TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    township_id TEXT COLLATE "C" NOT NULL REFERENCES units (id),
    user_id     TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    deputy_id   TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    first_day   DATE NOT NULL,
    last_day    DATE NOT NULL,
    reason      TEXT,
    named_by    TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    -- When it was ended or withdrawn before its time.
    ended_at    TIMESTAMP,
    version     BIGINT NOT NULL,
    created_at  TIMESTAMP NOT NULL,
    updated_at  TIMESTAMP NOT NULL
);
CREATE INDEX deputations_township ON deputations (township_id, first_day, id);
CREATE INDEX deputations_last_day ON deputations (last_day);
