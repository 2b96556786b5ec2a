-- Reports: what a unit owes for a period, made by rule. What was found stands below each.
CREATE TABLE reports (
    id              TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    township_id     TEXT COLLATE "C" NOT NULL REFERENCES units (id),
    unit_id         TEXT COLLATE "C" NOT NULL REFERENCES units (id),
    -- Of a village's and its groups' reports.
    village_id      TEXT COLLATE "C" REFERENCES units (id),
    kind            TEXT COLLATE "C" NOT NULL,
    period_start    DATE NOT NULL,
    period_end      DATE NOT NULL,
    -- The first instant at which it is late.
    due_at          TIMESTAMP NOT NULL,
    -- The same while it is still to be sent, after a return the day given for that.
    pending_at      TIMESTAMP NOT NULL,
    state           TEXT COLLATE "C" NOT NULL,
    author_id       TEXT COLLATE "C" REFERENCES users (id),
    late            BOOLEAN NOT NULL,
    zero            BOOLEAN NOT NULL,
    summary         TEXT NOT NULL,
    findings        INTEGER NOT NULL,
    open_findings   INTEGER NOT NULL,
    first_at        TIMESTAMP,
    submitted_at    TIMESTAMP,
    -- When it was written, as the phone says (RFC 3339).
    recorded_at     TEXT,
    -- What the office last said.
    judge_id        TEXT COLLATE "C" REFERENCES users (id),
    judged_at       TIMESTAMP,
    judged_text     TEXT,
    version         BIGINT NOT NULL,
    created_at      TIMESTAMP NOT NULL,
    updated_at      TIMESTAMP NOT NULL,
    UNIQUE (unit_id, kind, period_start)
);
CREATE INDEX reports_board ON reports (township_id, kind, period_start);
CREATE INDEX reports_pending ON reports (state, pending_at);
CREATE INDEX reports_due ON reports (township_id, due_at, id);
CREATE INDEX reports_village ON reports (village_id, due_at);

CREATE TABLE report_findings (
    id              TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    report_id       TEXT COLLATE "C" NOT NULL REFERENCES reports (id),
    position        INTEGER NOT NULL,
    cause           TEXT NOT NULL,
    occurred_on     DATE,
    occurred_text   TEXT,
    place           TEXT,
    unit_concerned  TEXT,
    people_count    INTEGER,
    key_persons     TEXT,
    development     TEXT,
    handling        TEXT,
    village_id      TEXT COLLATE "C" REFERENCES units (id),
    group_id        TEXT COLLATE "C" REFERENCES units (id),
    category        TEXT COLLATE "C",
    severity        TEXT COLLATE "C" NOT NULL,
    state           TEXT COLLATE "C" NOT NULL,
    case_id         TEXT COLLATE "C" REFERENCES cases (id),
    dismissed_why   TEXT,
    -- The finding of a daily that it was taken over from: what becomes of one becomes of both.
    origin_id       TEXT COLLATE "C" REFERENCES report_findings (id),
    created_at      TIMESTAMP NOT NULL
);
CREATE INDEX report_findings_report ON report_findings (report_id, position);
CREATE INDEX report_findings_origin ON report_findings (origin_id);
CREATE INDEX report_findings_case ON report_findings (case_id);
