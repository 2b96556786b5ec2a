-- Visits, what was promised on them, and reception days.

CREATE TABLE visits (
    id           TEXT PRIMARY KEY NOT NULL,
    township_id  TEXT NOT NULL REFERENCES units (id),
    -- The author's unit at that time.
    unit_id      TEXT NOT NULL REFERENCES units (id),
    village_id   TEXT REFERENCES units (id),
    group_id     TEXT REFERENCES units (id),
    author_id    TEXT REFERENCES users (id),
    kind         TEXT NOT NULL,
    -- The day by which it counts; what the phone said, where that was not taken.
    on_day       DATE NOT NULL,
    claimed_on   DATE,
    recorded_at  TIMESTAMP,
    entered_at   TIMESTAMP NOT NULL,
    place        TEXT,
    heard        TEXT NOT NULL,
    -- The case that it concerns, or became.
    case_id      TEXT REFERENCES cases (id),
    struck_at    TIMESTAMP,
    struck_by    TEXT REFERENCES users (id),
    struck_why   TEXT,
    version      BIGINT NOT NULL
);
CREATE INDEX visits_township ON visits (township_id, on_day, id);
CREATE INDEX visits_village ON visits (village_id, on_day);
CREATE INDEX visits_author ON visits (author_id, on_day);
CREATE INDEX visits_case ON visits (case_id) WHERE case_id IS NOT NULL;

-- Staff who went.
CREATE TABLE visit_people (
    visit_id TEXT NOT NULL REFERENCES visits (id) ON DELETE CASCADE,
    user_id  TEXT NOT NULL REFERENCES users (id),
    position INTEGER NOT NULL,
    PRIMARY KEY (visit_id, user_id)
);
CREATE INDEX visit_people_user ON visit_people (user_id, visit_id);

-- What a visit said before it was corrected (JSON).
CREATE TABLE visit_changes (
    id       TEXT PRIMARY KEY NOT NULL,
    visit_id TEXT NOT NULL REFERENCES visits (id) ON DELETE CASCADE,
    at       TIMESTAMP NOT NULL,
    actor_id TEXT NOT NULL REFERENCES users (id),
    body     TEXT NOT NULL
);
CREATE INDEX visit_changes_visit ON visit_changes (visit_id, id);

CREATE TABLE visit_promises (
    id          TEXT PRIMARY KEY NOT NULL,
    visit_id    TEXT NOT NULL REFERENCES visits (id) ON DELETE CASCADE,
    position    INTEGER NOT NULL,
    what        TEXT NOT NULL,
    due_on      DATE NOT NULL,
    unit_id     TEXT REFERENCES units (id),
    user_id     TEXT REFERENCES users (id),
    state       TEXT NOT NULL,
    closed_on   DATE,
    closed_text TEXT,
    told        TEXT,
    closed_by   TEXT REFERENCES users (id)
);
CREATE INDEX visit_promises_visit ON visit_promises (visit_id, position);
CREATE INDEX visit_promises_due ON visit_promises (due_on, id) WHERE state = 'open';

CREATE TABLE reception_days (
    id          TEXT PRIMARY KEY NOT NULL,
    township_id TEXT NOT NULL REFERENCES units (id),
    on_day      DATE NOT NULL,
    from_time   TEXT NOT NULL,
    to_time     TEXT NOT NULL,
    place       TEXT NOT NULL,
    leader_id   TEXT NOT NULL REFERENCES users (id),
    -- Whose place that leader took.
    instead_of  TEXT REFERENCES users (id),
    -- None: the usual one.
    notice      TEXT,
    cancelled   BOOLEAN NOT NULL,
    reason      TEXT,
    instead_on  DATE,
    author_id   TEXT REFERENCES users (id),
    created_at  TIMESTAMP NOT NULL,
    version     BIGINT NOT NULL
);
CREATE INDEX reception_days_township ON reception_days (township_id, on_day, id);

-- Staff beside the leader.
CREATE TABLE reception_staff (
    day_id   TEXT NOT NULL REFERENCES reception_days (id) ON DELETE CASCADE,
    user_id  TEXT NOT NULL REFERENCES users (id),
    position INTEGER NOT NULL,
    PRIMARY KEY (day_id, user_id)
);

-- Who came: a case, or a question without anything personal.
CREATE TABLE reception_comers (
    id          TEXT PRIMARY KEY NOT NULL,
    day_id      TEXT NOT NULL REFERENCES reception_days (id) ON DELETE CASCADE,
    kind        TEXT NOT NULL,
    at          TIMESTAMP NOT NULL,
    recorded_at TIMESTAMP,
    received_by TEXT NOT NULL REFERENCES users (id),
    author_id   TEXT NOT NULL REFERENCES users (id),
    case_id     TEXT REFERENCES cases (id),
    topic       TEXT,
    answer      TEXT
);
CREATE INDEX reception_comers_day ON reception_comers (day_id, id);
CREATE INDEX reception_comers_case ON reception_comers (case_id) WHERE case_id IS NOT NULL;
