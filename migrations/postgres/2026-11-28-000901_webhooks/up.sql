-- Webhooks: what happens to cases is told to programs that have asked for it.
--
-- `events`, `case_kinds` and `village_ids` are codes and ids with spaces between; all, where there are
-- none. `role` is the owner's when it was made or last switched on: with another it waits for its owner.
CREATE TABLE webhooks (
    id            TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    township_id   TEXT COLLATE "C" NOT NULL,
    owner_id      TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    name          TEXT NOT NULL,
    url           TEXT NOT NULL,
    -- Encrypted: requests are signed with it.
    secret        BYTEA NOT NULL,
    events        TEXT COLLATE "C" NOT NULL,
    case_kinds    TEXT COLLATE "C" NOT NULL,
    village_ids   TEXT COLLATE "C" NOT NULL,
    role          TEXT COLLATE "C" NOT NULL,
    enabled       BOOLEAN NOT NULL,
    -- It tells of events whose ids come after this: what happened before it was made, or while it was
    -- off, is not told.
    since         TEXT NOT NULL,
    -- After lasting failure, until its owner has looked after it.
    paused        BOOLEAN NOT NULL,
    -- Since when nothing has arrived, though something was sent.
    failing_since TIMESTAMP,
    -- While it cannot be reached: not before this.
    retry_at      TIMESTAMP,
    last_at       TIMESTAMP,
    last_ok       BOOLEAN,
    last_result   TEXT,
    version       BIGINT NOT NULL,
    created_at    TIMESTAMP NOT NULL,
    updated_at    TIMESTAMP NOT NULL
);
CREATE INDEX webhooks_owner ON webhooks (owner_id, id);

-- The outbox: what has happened and was not yet made into deliveries. A line is written by the trigger
-- below, in the transaction of the event itself, whoever writes that; while there is no webhook, none is.
-- It goes in the transaction that makes deliveries of it.
CREATE TABLE webhook_outbox (
    -- The event's.
    id      TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    case_id TEXT COLLATE "C" NOT NULL,
    kind    TEXT COLLATE "C" NOT NULL,
    at      TIMESTAMP NOT NULL
);
CREATE FUNCTION webhook_outbox_fill() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM webhooks) THEN
        INSERT INTO webhook_outbox (id, case_id, kind, at) VALUES (NEW.id, NEW.case_id, NEW.kind, NEW.at);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER webhook_outbox_fill AFTER INSERT ON case_events
    FOR EACH ROW EXECUTE FUNCTION webhook_outbox_fill();

-- What is to be told to one webhook, and what came of it. `id` stays the same however often it is sent.
CREATE TABLE webhook_deliveries (
    id          TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    webhook_id  TEXT COLLATE "C" NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    -- None of a test.
    event_id    TEXT COLLATE "C",
    case_id     TEXT COLLATE "C",
    kind        TEXT COLLATE "C" NOT NULL,
    occurred_at TIMESTAMP NOT NULL,
    state       TEXT COLLATE "C" NOT NULL,
    attempts    INTEGER NOT NULL,
    created_at  TIMESTAMP NOT NULL,
    -- Until when it is tried.
    expires_at  TIMESTAMP NOT NULL,
    next_at     TIMESTAMP NOT NULL,
    last_at     TIMESTAMP,
    -- The status of the last answer.
    status      INTEGER,
    result      TEXT
);
CREATE UNIQUE INDEX webhook_deliveries_event ON webhook_deliveries (webhook_id, event_id);
CREATE INDEX webhook_deliveries_waiting ON webhook_deliveries (webhook_id, id) WHERE state = 'waiting';
CREATE INDEX webhook_deliveries_age ON webhook_deliveries (created_at);

-- Where webhooks of a township may lead: names of hosts, addresses and networks, with spaces between.
CREATE TABLE webhook_addresses (
    township_id TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    entries     TEXT NOT NULL,
    version     BIGINT NOT NULL,
    updated_at  TIMESTAMP NOT NULL
);
