-- Urgent information, what happened with it, and what was found later and had not been reported.
CREATE TABLE alerts (
    id                TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    township_id       TEXT COLLATE "C" NOT NULL,
    unit_id           TEXT COLLATE "C" NOT NULL REFERENCES units (id),
    village_id        TEXT COLLATE "C" REFERENCES units (id),
    author_id         TEXT COLLATE "C" REFERENCES users (id),
    kind              TEXT COLLATE "C" NOT NULL,
    what              TEXT COLLATE "C" NOT NULL,
    place             TEXT COLLATE "C",
    people_count      INTEGER,
    drill             BOOLEAN NOT NULL,
    state             TEXT COLLATE "C" NOT NULL,
    -- As the reporter says.
    discovered_at     TIMESTAMP NOT NULL,
    -- As the phone says.
    recorded_at       TIMESTAMP,
    -- By the server's clock, as all that follows.
    reported_at       TIMESTAMP NOT NULL,
    acknowledged_at   TIMESTAMP,
    dispatched_at     TIMESTAMP,
    closed_at         TIMESTAMP,
    result            TEXT COLLATE "C",
    case_id           TEXT COLLATE "C" REFERENCES cases (id) ON DELETE SET NULL,
    -- The limits that it was reported under, in minutes.
    report_limit      INTEGER NOT NULL,
    acknowledge_limit INTEGER NOT NULL,
    dispatch_limit    INTEGER NOT NULL,
    -- Of what leaders were told again: 1 that nobody acknowledged, 2 that nobody was sent.
    told_late         INTEGER NOT NULL,
    version           BIGINT NOT NULL,
    updated_at        TIMESTAMP NOT NULL
);
CREATE INDEX alerts_reported ON alerts (township_id, reported_at, id);
CREATE INDEX alerts_state ON alerts (state);
CREATE INDEX alerts_case ON alerts (case_id);

CREATE TABLE alert_events (
    id         TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    alert_id   TEXT COLLATE "C" NOT NULL REFERENCES alerts (id) ON DELETE CASCADE,
    seq        INTEGER NOT NULL,
    kind       TEXT COLLATE "C" NOT NULL,
    at         TIMESTAMP NOT NULL,
    actor_id   TEXT COLLATE "C",
    actor_name TEXT COLLATE "C" NOT NULL,
    actor_unit TEXT COLLATE "C" NOT NULL,
    text       TEXT COLLATE "C",
    -- Who was sent.
    unit_id    TEXT COLLATE "C",
    user_id    TEXT COLLATE "C"
);
CREATE UNIQUE INDEX alert_events_alert ON alert_events (alert_id, seq);
CREATE INDEX alert_events_unit ON alert_events (unit_id);
CREATE INDEX alert_events_user ON alert_events (user_id);

CREATE TABLE missed_alerts (
    id            TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    township_id   TEXT COLLATE "C" NOT NULL,
    kind          TEXT COLLATE "C" NOT NULL,
    what          TEXT COLLATE "C" NOT NULL,
    place         TEXT COLLATE "C",
    discovered_at TIMESTAMP NOT NULL,
    -- That should have reported it.
    unit_id       TEXT COLLATE "C" NOT NULL REFERENCES units (id),
    case_id       TEXT COLLATE "C" REFERENCES cases (id) ON DELETE SET NULL,
    author_id     TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    at            TIMESTAMP NOT NULL
);
CREATE INDEX missed_alerts_discovered ON missed_alerts (township_id, discovered_at, id);
