-- What somebody could see of a case before that changed, for the change feed: who no longer may see a
-- case they have been told of is told that it is gone. A row where what decides about seeing changes
-- (village, mediation, seal …), where a unit is given the case, and where an undone import takes it out.
-- `seq` is as `cases.changed`: on SQLite a number that rises, on PostgreSQL the transaction's.
CREATE TABLE case_scopes (
    id      TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    seq     BIGINT NOT NULL,
    case_id TEXT COLLATE "C" NOT NULL,
    docid   BIGINT NOT NULL,
    -- `shared::access::CaseFacts` before the change, JSON.
    facts   TEXT NOT NULL
);
CREATE INDEX case_scopes_seq ON case_scopes (seq, id);
CREATE INDEX case_scopes_case ON case_scopes (case_id);
-- Tells this database's cursors from another's.
INSERT INTO generations (name, value) VALUES ('feed', FLOOR(RANDOM() * 1000000000000)::BIGINT + 1);
