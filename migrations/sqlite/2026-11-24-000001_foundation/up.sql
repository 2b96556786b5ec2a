-- Organisation, users, sign-in, audit, settings. Instants are UTC; ids are UUIDv7 text.

CREATE TABLE units (
    id                  TEXT PRIMARY KEY NOT NULL,
    parent_id           TEXT REFERENCES units (id),
    kind                TEXT NOT NULL,
    name                TEXT NOT NULL,
    short_name          TEXT,
    responsible_user_id TEXT,
    lead_user_id        TEXT,
    position            INTEGER NOT NULL DEFAULT 0,
    closed              BOOLEAN NOT NULL DEFAULT FALSE,
    version             BIGINT NOT NULL DEFAULT 1,
    created_at          TIMESTAMP NOT NULL,
    updated_at          TIMESTAMP NOT NULL
);
CREATE INDEX units_parent ON units (parent_id);

CREATE TABLE users (
    id                   TEXT PRIMARY KEY NOT NULL,
    username             TEXT NOT NULL,
    -- The user name in lower case: `Li` and `li` are one.
    username_key         TEXT NOT NULL UNIQUE,
    name                 TEXT NOT NULL,
    role                 TEXT NOT NULL,
    unit_id              TEXT NOT NULL REFERENCES units (id),
    duty                 TEXT,
    password_hash        TEXT NOT NULL,
    must_change_password BOOLEAN NOT NULL,
    disabled             BOOLEAN NOT NULL DEFAULT FALSE,
    -- Rises when every session of the user ends; older access tokens die with it.
    token_version        BIGINT NOT NULL DEFAULT 1,
    version              BIGINT NOT NULL DEFAULT 1,
    created_at           TIMESTAMP NOT NULL,
    updated_at           TIMESTAMP NOT NULL
);
CREATE INDEX users_unit ON users (unit_id);

-- A sign-in and the chain of refresh tokens that follows from it.
CREATE TABLE sessions (
    id           TEXT PRIMARY KEY NOT NULL,
    user_id      TEXT NOT NULL REFERENCES users (id),
    created_at   TIMESTAMP NOT NULL,
    last_used_at TIMESTAMP NOT NULL,
    expires_at   TIMESTAMP NOT NULL,
    ended_at     TIMESTAMP,
    ended_by     TEXT,
    address      TEXT
);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_ended ON sessions (ended_at);

-- Only hashes of refresh tokens are kept. A token that is used is replaced, and stays here so that
-- a second use is noticed.
CREATE TABLE refresh_tokens (
    hash       TEXT PRIMARY KEY NOT NULL,
    session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    issued_at  TIMESTAMP NOT NULL,
    used_at    TIMESTAMP
);
CREATE INDEX refresh_tokens_session ON refresh_tokens (session_id);

-- First answers to requests with an `Idempotency-Key`; the answer is encrypted.
CREATE TABLE idempotency_keys (
    user_id    TEXT NOT NULL,
    key        TEXT NOT NULL,
    route      TEXT NOT NULL,
    body_hash  TEXT NOT NULL,
    status     INTEGER,
    answer     BLOB,
    created_at TIMESTAMP NOT NULL,
    PRIMARY KEY (user_id, key, route)
);
CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at);

-- Append-only, which the triggers below see to.
CREATE TABLE audit_log (
    id             TEXT PRIMARY KEY NOT NULL,
    at             TIMESTAMP NOT NULL,
    user_id        TEXT,
    user_name      TEXT,
    -- The township whose auditor reads it; none for what concerns the whole installation.
    township_id    TEXT,
    action         TEXT NOT NULL,
    case_id        TEXT,
    -- Of a sealed accusation: those from whom it is sealed must not learn of it here either.
    sealed         BOOLEAN NOT NULL DEFAULT FALSE,
    registrar_only BOOLEAN NOT NULL DEFAULT FALSE,
    detail         TEXT NOT NULL,
    address        TEXT,
    request_id     TEXT
);
CREATE INDEX audit_log_case ON audit_log (case_id, id) WHERE case_id IS NOT NULL;

CREATE TRIGGER audit_log_no_update BEFORE UPDATE ON audit_log
BEGIN
    SELECT RAISE(ABORT, 'audit_log is append-only');
END;
CREATE TRIGGER audit_log_no_delete BEFORE DELETE ON audit_log
BEGIN
    SELECT RAISE(ABORT, 'audit_log is append-only');
END;

CREATE TABLE settings (
    key        TEXT PRIMARY KEY NOT NULL,
    value      TEXT NOT NULL,
    updated_at TIMESTAMP NOT NULL
);

-- Limits of the law by the date from which they are in force; never changed, only added to.
CREATE TABLE law_profiles (
    id            TEXT PRIMARY KEY NOT NULL,
    in_force_from DATE NOT NULL UNIQUE,
    profile       TEXT NOT NULL,
    created_at    TIMESTAMP NOT NULL,
    created_by    TEXT
);

-- Rise with each change of what the servers keep in memory, so that each notices.
CREATE TABLE generations (
    name  TEXT PRIMARY KEY NOT NULL,
    value BIGINT NOT NULL
);
INSERT INTO generations (name, value) VALUES ('directory', 1);

-- Tells whether the key at hand is the one under which this database was encrypted.
CREATE TABLE key_check (
    id    INTEGER PRIMARY KEY NOT NULL CHECK (id = 1),
    value TEXT NOT NULL
);
