ALTER TABLE sessions DROP COLUMN strong;
ALTER TABLE sessions DROP COLUMN method;
DROP TABLE sso_attempts;
DROP TABLE identities;
