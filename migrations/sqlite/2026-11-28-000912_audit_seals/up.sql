-- Seals over the audit log: each is a keyed hash of the seal before it and of the rows between the two.
CREATE TABLE audit_seals (
    seq       BIGINT PRIMARY KEY NOT NULL,
    at        TIMESTAMP NOT NULL,
    -- The last row under it; the first is the one after the seal before.
    up_to_id  TEXT NOT NULL,
    row_count BIGINT NOT NULL,
    hash      TEXT NOT NULL
);
CREATE TRIGGER audit_seals_no_update BEFORE UPDATE ON audit_seals
BEGIN
    SELECT RAISE(ABORT, 'audit_seals is append-only');
END;
CREATE TRIGGER audit_seals_no_delete BEFORE DELETE ON audit_seals
BEGIN
    SELECT RAISE(ABORT, 'audit_seals is append-only');
END;
