-- Who of the identity provider signs in as whom. `account` is what the administrator entered, for the first
-- sign-in to be matched with; `subject` is the provider's own name, pinned then, and `shown` how it is called.
CREATE TABLE identities (
    user_id      TEXT PRIMARY KEY NOT NULL REFERENCES users (id),
    issuer       TEXT NOT NULL,
    account      TEXT,
    subject      TEXT,
    shown        TEXT,
    created_at   TIMESTAMP NOT NULL,
    linked_at    TIMESTAMP,
    last_used_at TIMESTAMP
);
CREATE UNIQUE INDEX identities_subject ON identities (issuer, subject);
CREATE UNIQUE INDEX identities_account ON identities (issuer, account);
-- Attempts to sign in by the provider that have come back: none is good twice.
CREATE TABLE sso_attempts (
    hash    TEXT PRIMARY KEY NOT NULL,
    used_at TIMESTAMP NOT NULL
);
-- How the sign-in was: by which way, and whether the provider saw a second factor that counts here.
ALTER TABLE sessions ADD COLUMN method TEXT NOT NULL DEFAULT 'password';
ALTER TABLE sessions ADD COLUMN strong BOOLEAN NOT NULL DEFAULT FALSE;
