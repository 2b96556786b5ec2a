-- Targets of the year, in tenths of a percent.
CREATE TABLE targets (
    township_id TEXT NOT NULL REFERENCES units (id),
    year        INTEGER NOT NULL,
    goal        TEXT NOT NULL,
    -- None: it was taken back.
    value       INTEGER,
    note        TEXT,
    author_id   TEXT NOT NULL REFERENCES users (id),
    updated_at  TIMESTAMP NOT NULL,
    version     BIGINT NOT NULL,
    PRIMARY KEY (township_id, year, goal)
);
