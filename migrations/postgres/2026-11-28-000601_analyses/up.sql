-- Monthly analyses: what the office writes of a month; once issued, the figures as they were then.
CREATE TABLE analyses (
    township_id TEXT COLLATE "C" NOT NULL REFERENCES units (id),
    -- 2026-03
    month       TEXT COLLATE "C" NOT NULL,
    opinion     TEXT COLLATE "C",
    measures    TEXT COLLATE "C",
    author_id   TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    updated_at  TIMESTAMP NOT NULL,
    -- What was counted when it was issued (JSON).
    body        TEXT COLLATE "C",
    issued_by   TEXT COLLATE "C" REFERENCES users (id),
    issued_at   TIMESTAMP,
    version     BIGINT NOT NULL,
    PRIMARY KEY (township_id, month)
);
