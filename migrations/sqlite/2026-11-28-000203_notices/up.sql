-- Notices: what somebody is told of, once a user and key.
CREATE TABLE notices (
    id      TEXT PRIMARY KEY NOT NULL,
    -- Given in the order of the commits: whoever writes one first raises the generation 'notices'.
    seq     BIGINT NOT NULL UNIQUE,
    user_id TEXT NOT NULL REFERENCES users (id),
    kind    TEXT NOT NULL,
    title   TEXT NOT NULL,
    body    TEXT NOT NULL,
    link    TEXT NOT NULL,
    urgent  BOOLEAN NOT NULL,
    -- What keeps it from being sent twice.
    once    TEXT NOT NULL,
    at      TIMESTAMP NOT NULL,
    read_at TIMESTAMP
);
CREATE UNIQUE INDEX notices_once ON notices (user_id, once);
CREATE INDEX notices_user ON notices (user_id, seq);
INSERT INTO generations (name, value) VALUES ('notices', 0);
