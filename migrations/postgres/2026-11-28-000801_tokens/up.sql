-- API tokens. Only a keyed hash of the secret is kept; `hint` is its first characters, by which one that
-- was found somewhere is recognised. `role` and `token_version` are the owner's when it was made: with
-- another role, or after signing out everywhere, it is no good.
CREATE TABLE api_tokens (
    id            TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    user_id       TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    hash          TEXT COLLATE "C" NOT NULL UNIQUE,
    hint          TEXT NOT NULL,
    name          TEXT NOT NULL,
    -- Codes, with spaces between.
    scopes        TEXT COLLATE "C" NOT NULL,
    -- Addresses and networks, with spaces between; any address where there are none.
    addresses     TEXT NOT NULL,
    per_minute    INTEGER NOT NULL,
    role          TEXT COLLATE "C" NOT NULL,
    token_version BIGINT NOT NULL,
    created_at    TIMESTAMP NOT NULL,
    expires_at    TIMESTAMP NOT NULL,
    revoked_at    TIMESTAMP,
    last_used_at  TIMESTAMP,
    last_address  TEXT
);
CREATE INDEX api_tokens_user ON api_tokens (user_id, id);
