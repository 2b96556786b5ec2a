-- Seals over the audit log: each is a keyed hash of the seal before it and of the rows between the two.
CREATE TABLE audit_seals (
    seq       BIGINT PRIMARY KEY NOT NULL,
    at        TIMESTAMP NOT NULL,
    -- The last row under it; the first is the one after the seal before.
    up_to_id  TEXT COLLATE "C" NOT NULL,
    row_count BIGINT NOT NULL,
    hash      TEXT NOT NULL
);
CREATE TRIGGER audit_seals_no_update BEFORE UPDATE OR DELETE ON audit_seals
    FOR EACH ROW EXECUTE FUNCTION audit_log_is_append_only();
CREATE TRIGGER audit_seals_no_truncate BEFORE TRUNCATE ON audit_seals
    FOR EACH STATEMENT EXECUTE FUNCTION audit_log_is_append_only();
