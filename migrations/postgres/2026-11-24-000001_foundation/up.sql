-- Organisation, users, sign-in, audit, settings. Instants are UTC; ids are UUIDv7 text. Text is
-- compared by its bytes, as SQLite does, whatever the cluster's locale.

CREATE TABLE units (
    id                  TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    parent_id           TEXT COLLATE "C" REFERENCES units (id),
    kind                TEXT COLLATE "C" NOT NULL,
    name                TEXT COLLATE "C" NOT NULL,
    short_name          TEXT COLLATE "C",
    responsible_user_id TEXT COLLATE "C",
    lead_user_id        TEXT COLLATE "C",
    position            INTEGER NOT NULL DEFAULT 0,
    closed              BOOLEAN NOT NULL DEFAULT FALSE,
    version             BIGINT NOT NULL DEFAULT 1,
    created_at          TIMESTAMP NOT NULL,
    updated_at          TIMESTAMP NOT NULL
);
CREATE INDEX units_parent ON units (parent_id);

CREATE TABLE users (
    id                   TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    username             TEXT COLLATE "C" NOT NULL,
    -- The user name in lower case: `Li` and `li` are one.
    username_key         TEXT COLLATE "C" NOT NULL UNIQUE,
    name                 TEXT COLLATE "C" NOT NULL,
    role                 TEXT COLLATE "C" NOT NULL,
    unit_id              TEXT COLLATE "C" NOT NULL REFERENCES units (id),
    duty                 TEXT COLLATE "C",
    password_hash        TEXT COLLATE "C" NOT NULL,
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
    id           TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    user_id      TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    created_at   TIMESTAMP NOT NULL,
    last_used_at TIMESTAMP NOT NULL,
    expires_at   TIMESTAMP NOT NULL,
    ended_at     TIMESTAMP,
    ended_by     TEXT COLLATE "C",
    address      TEXT COLLATE "C"
);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_ended ON sessions (ended_at);

-- Only hashes of refresh tokens are kept. A token that is used is replaced, and stays here so that
-- a second use is noticed.
CREATE TABLE refresh_tokens (
    hash       TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    session_id TEXT COLLATE "C" NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    issued_at  TIMESTAMP NOT NULL,
    used_at    TIMESTAMP
);
CREATE INDEX refresh_tokens_session ON refresh_tokens (session_id);

-- First answers to requests with an `Idempotency-Key`; the answer is encrypted.
CREATE TABLE idempotency_keys (
    user_id    TEXT COLLATE "C" NOT NULL,
    key        TEXT COLLATE "C" NOT NULL,
    route      TEXT COLLATE "C" NOT NULL,
    body_hash  TEXT COLLATE "C" NOT NULL,
    status     INTEGER,
    answer     BYTEA,
    created_at TIMESTAMP NOT NULL,
    PRIMARY KEY (user_id, key, route)
);
CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at);

-- Append-only, which the triggers below see to.
CREATE TABLE audit_log (
    id             TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    at             TIMESTAMP NOT NULL,
    user_id        TEXT COLLATE "C",
    user_name      TEXT COLLATE "C",
    -- The township whose auditor reads it; none for what concerns the whole installation.
    township_id    TEXT COLLATE "C",
    action         TEXT COLLATE "C" NOT NULL,
    case_id        TEXT COLLATE "C",
    -- Of a sealed accusation: those from whom it is sealed must not learn of it here either.
    sealed         BOOLEAN NOT NULL DEFAULT FALSE,
    registrar_only BOOLEAN NOT NULL DEFAULT FALSE,
    detail         TEXT COLLATE "C" NOT NULL,
    address        TEXT COLLATE "C",
    request_id     TEXT COLLATE "C"
);
CREATE INDEX audit_log_case ON audit_log (case_id, id) WHERE case_id IS NOT NULL;

CREATE FUNCTION audit_log_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit_log is append-only';
END;
$$;
CREATE TRIGGER audit_log_no_update BEFORE UPDATE OR DELETE ON audit_log
    FOR EACH ROW EXECUTE FUNCTION audit_log_is_append_only();
CREATE TRIGGER audit_log_no_truncate BEFORE TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION audit_log_is_append_only();

CREATE TABLE settings (
    key        TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    value      TEXT COLLATE "C" NOT NULL,
    updated_at TIMESTAMP NOT NULL
);

-- Limits of the law by the date from which they are in force; never changed, only added to.
CREATE TABLE law_profiles (
    id            TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    in_force_from DATE NOT NULL UNIQUE,
    profile       TEXT COLLATE "C" NOT NULL,
    created_at    TIMESTAMP NOT NULL,
    created_by    TEXT COLLATE "C"
);

-- Rise with each change of what the servers keep in memory, so that each notices.
CREATE TABLE generations (
    name  TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    value BIGINT NOT NULL
);
INSERT INTO generations (name, value) VALUES ('directory', 1);

-- Tells whether the key at hand is the one under which this database was encrypted.
CREATE TABLE key_check (
    id    INTEGER PRIMARY KEY NOT NULL CHECK (id = 1),
    value TEXT COLLATE "C" NOT NULL
);
