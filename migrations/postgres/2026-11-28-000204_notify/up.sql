-- The case that a notice leads to: looked at again whenever the notice is read.
ALTER TABLE notices ADD COLUMN case_id TEXT COLLATE "C";
-- False: it came silently, as its receiver wishes, and the daily digest counts it.
ALTER TABLE notices ADD COLUMN live BOOLEAN NOT NULL DEFAULT TRUE;
-- Who was told of something.
CREATE INDEX notices_told ON notices (once, user_id);
CREATE INDEX notices_at ON notices (at);

-- What somebody wishes to be told, and how.
CREATE TABLE notice_prefs (
    user_id    TEXT COLLATE "C" PRIMARY KEY NOT NULL REFERENCES users (id),
    value      TEXT NOT NULL,
    version    BIGINT NOT NULL,
    updated_at TIMESTAMP NOT NULL
);

-- Of several servers on one database, the one that does a kind of work, and until when it does.
CREATE TABLE scheduler_lease (
    name   TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    holder TEXT COLLATE "C" NOT NULL,
    until  TIMESTAMP NOT NULL
);

-- Chat robots. Address and secret are encrypted.
CREATE TABLE robots (
    id          TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    township_id TEXT COLLATE "C" NOT NULL REFERENCES units (id),
    name        TEXT NOT NULL,
    kind        TEXT COLLATE "C" NOT NULL,
    address     BYTEA NOT NULL,
    secret      BYTEA,
    kinds       TEXT NOT NULL,
    enabled     BOOLEAN NOT NULL,
    paused      BOOLEAN NOT NULL,
    -- Failures in a row, and when to try again.
    failures    INTEGER NOT NULL,
    retry_at    TIMESTAMP,
    last_at     TIMESTAMP,
    last_ok     BOOLEAN,
    last_result TEXT,
    version     BIGINT NOT NULL,
    created_at  TIMESTAMP NOT NULL,
    updated_at  TIMESTAMP NOT NULL
);
CREATE INDEX robots_township ON robots (township_id, id);

-- What robots are to say: written with the notice, sent after it, once a robot and key.
CREATE TABLE robot_messages (
    id       TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    robot_id TEXT COLLATE "C" NOT NULL REFERENCES robots (id) ON DELETE CASCADE,
    once     TEXT COLLATE "C" NOT NULL,
    text     TEXT NOT NULL,
    at       TIMESTAMP NOT NULL,
    attempts INTEGER NOT NULL,
    sent_at  TIMESTAMP
);
CREATE UNIQUE INDEX robot_messages_once ON robot_messages (robot_id, once);
CREATE INDEX robot_messages_waiting ON robot_messages (robot_id, id) WHERE sent_at IS NULL;
