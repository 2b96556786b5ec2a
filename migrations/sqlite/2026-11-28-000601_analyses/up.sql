-- Monthly analyses: what the office writes of a month; once issued, the figures as they were then.
CREATE TABLE analyses (
    township_id TEXT NOT NULL REFERENCES units (id),
    -- 2026-03
    month       TEXT NOT NULL,
    opinion     TEXT,
    measures    TEXT,
    author_id   TEXT NOT NULL REFERENCES users (id),
    updated_at  TIMESTAMP NOT NULL,
    -- What was counted when it was issued (JSON).
    body        TEXT,
    issued_by   TEXT REFERENCES users (id),
    issued_at   TIMESTAMP,
    version     BIGINT NOT NULL,
    PRIMARY KEY (township_id, month)
);
