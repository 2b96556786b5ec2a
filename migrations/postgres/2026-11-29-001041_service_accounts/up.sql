-- Whether a program has the account (程序账号): it has no password and comes with API tokens alone.
ALTER TABLE users ADD COLUMN service BOOLEAN NOT NULL DEFAULT FALSE;
