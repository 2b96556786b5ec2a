-- Second factors (TOTP). The secret is encrypted; it counts from `confirmed_at` on. `last_step` is the
-- step of the last code that was taken: no code is taken twice, nor an older one.
CREATE TABLE second_factors (
    user_id      TEXT COLLATE "C" PRIMARY KEY NOT NULL REFERENCES users (id),
    secret       BYTEA NOT NULL,
    started_at   TIMESTAMP NOT NULL,
    confirmed_at TIMESTAMP,
    last_step    BIGINT NOT NULL
);
-- Of a recovery code only a keyed hash is kept.
CREATE TABLE recovery_codes (
    hash    TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    used_at TIMESTAMP
);
CREATE INDEX recovery_codes_user ON recovery_codes (user_id);
-- Whether the factor is on, where every request looks.
ALTER TABLE users ADD COLUMN second_factor BOOLEAN NOT NULL DEFAULT FALSE;
