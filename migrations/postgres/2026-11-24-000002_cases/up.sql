-- The ledger: cases, their people, events, files, numbers, search index.

CREATE TABLE cases (
    id                  TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    -- Key into the search index, which wants an integer.
    docid               BIGINT NOT NULL UNIQUE,
    township_id         TEXT COLLATE "C" NOT NULL REFERENCES units (id),
    number              TEXT COLLATE "C" NOT NULL UNIQUE,
    -- Sorts as the number counts: year, series, count.
    number_key          TEXT COLLATE "C" NOT NULL,
    kind                TEXT COLLATE "C" NOT NULL,
    state               TEXT COLLATE "C" NOT NULL,
    channel             TEXT COLLATE "C" NOT NULL,
    purpose             TEXT COLLATE "C" NOT NULL,
    category            TEXT COLLATE "C" NOT NULL,
    subcategory         TEXT COLLATE "C",
    severity            TEXT COLLATE "C" NOT NULL,
    procedure           TEXT COLLATE "C" NOT NULL,
    cause               TEXT COLLATE "C" NOT NULL,
    demand              TEXT COLLATE "C",
    occurred_on         DATE,
    occurred_text       TEXT COLLATE "C",
    place               TEXT COLLATE "C",
    unit_concerned      TEXT COLLATE "C",
    village_id          TEXT COLLATE "C" REFERENCES units (id),
    group_id            TEXT COLLATE "C" REFERENCES units (id),
    people_count        INTEGER NOT NULL,
    people_count_text   TEXT COLLATE "C",
    collective          BOOLEAN NOT NULL,
    development         TEXT COLLATE "C",
    handling            TEXT COLLATE "C",
    received_on         DATE NOT NULL,
    entered_at          TIMESTAMP NOT NULL,
    earlier_case_id     TEXT COLLATE "C" REFERENCES cases (id),
    first_receiver_id   TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    registrar_id        TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    registrar_unit_id   TEXT COLLATE "C" NOT NULL REFERENCES units (id),
    responsible_unit_id TEXT COLLATE "C" REFERENCES units (id),
    responsible_user_id TEXT COLLATE "C" REFERENCES users (id),
    lead_id             TEXT COLLATE "C" REFERENCES users (id),
    lawful_path         TEXT COLLATE "C",
    outcome             TEXT COLLATE "C",
    closed_on           DATE,
    backlog             BOOLEAN NOT NULL,
    mediation           BOOLEAN NOT NULL,
    -- open, sealed, registrar_only (条例第三十条)
    seal                TEXT COLLATE "C" NOT NULL,
    accused_unit_id     TEXT COLLATE "C" REFERENCES units (id),
    accused_user_id     TEXT COLLATE "C" REFERENCES users (id),
    accepted_before     BOOLEAN NOT NULL,
    extended            BOOLEAN NOT NULL,
    final_answered      BOOLEAN NOT NULL,
    -- Recomputed from the events with each change; 9999-12-31: nothing is due.
    due_on              DATE NOT NULL,
    last_step_on        DATE NOT NULL,
    petitioner          TEXT COLLATE "C",
    law_profile_id      TEXT COLLATE "C" NOT NULL,
    version             BIGINT NOT NULL,
    updated_at          TIMESTAMP NOT NULL
);
CREATE INDEX cases_village_state_due ON cases (village_id, state, due_on, id);
CREATE INDEX cases_township_due ON cases (township_id, due_on, id);
CREATE INDEX cases_township_received ON cases (township_id, received_on, id);
CREATE INDEX cases_village_received ON cases (village_id, received_on, id);
CREATE UNIQUE INDEX cases_township_number ON cases (township_id, number_key);
CREATE INDEX cases_updated ON cases (updated_at, id);
CREATE INDEX cases_responsible ON cases (responsible_unit_id, due_on) WHERE responsible_unit_id IS NOT NULL;
CREATE INDEX cases_registrar_unit ON cases (registrar_unit_id, received_on);
CREATE INDEX cases_registrar ON cases (registrar_id, received_on);
CREATE INDEX cases_lead ON cases (lead_id) WHERE lead_id IS NOT NULL;
CREATE INDEX cases_earlier ON cases (earlier_case_id) WHERE earlier_case_id IS NOT NULL;

-- Units that a case was assigned or referred to.
CREATE TABLE case_units (
    case_id TEXT COLLATE "C" NOT NULL REFERENCES cases (id) ON DELETE CASCADE,
    unit_id TEXT COLLATE "C" NOT NULL REFERENCES units (id),
    since   TIMESTAMP NOT NULL,
    PRIMARY KEY (case_id, unit_id)
);
CREATE INDEX case_units_unit ON case_units (unit_id, case_id);

-- A person's record belongs to one case; the same human in two cases has two.
CREATE TABLE case_people (
    id          TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    case_id     TEXT COLLATE "C" NOT NULL REFERENCES cases (id) ON DELETE CASCADE,
    position    INTEGER NOT NULL,
    role        TEXT COLLATE "C" NOT NULL,
    name        TEXT COLLATE "C" NOT NULL,
    -- Encrypted; the hash is keyed and finds equal numbers only.
    id_number   BYTEA,
    id_hash     TEXT COLLATE "C",
    phone       BYTEA,
    phone_hash  TEXT COLLATE "C",
    address     TEXT COLLATE "C",
    reason      TEXT COLLATE "C",
    review_on   DATE,
    follow_up   TEXT COLLATE "C" NOT NULL,
    created_at  TIMESTAMP NOT NULL
);
CREATE INDEX case_people_case ON case_people (case_id, position);
CREATE INDEX case_people_id_hash ON case_people (id_hash) WHERE id_hash IS NOT NULL;
CREATE INDEX case_people_phone_hash ON case_people (phone_hash) WHERE phone_hash IS NOT NULL;

-- What happened; appended in the transaction of each change, never changed.
CREATE TABLE case_events (
    id         TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    case_id    TEXT COLLATE "C" NOT NULL REFERENCES cases (id) ON DELETE CASCADE,
    seq        INTEGER NOT NULL,
    kind       TEXT COLLATE "C" NOT NULL,
    on_day     DATE NOT NULL,
    at         TIMESTAMP NOT NULL,
    actor_id   TEXT COLLATE "C" NOT NULL,
    actor_name TEXT COLLATE "C" NOT NULL,
    actor_unit TEXT COLLATE "C" NOT NULL,
    state      TEXT COLLATE "C" NOT NULL,
    text       TEXT COLLATE "C",
    data       TEXT COLLATE "C" NOT NULL
);
CREATE UNIQUE INDEX case_events_case ON case_events (case_id, seq);

CREATE TABLE case_attachments (
    id         TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    case_id    TEXT COLLATE "C" NOT NULL REFERENCES cases (id) ON DELETE CASCADE,
    name       TEXT COLLATE "C" NOT NULL,
    media_type TEXT COLLATE "C" NOT NULL,
    size       BIGINT NOT NULL,
    hash       TEXT COLLATE "C" NOT NULL,
    at         TIMESTAMP NOT NULL,
    actor_id   TEXT COLLATE "C" NOT NULL,
    actor_name TEXT COLLATE "C" NOT NULL,
    removed_at TIMESTAMP
);
CREATE INDEX case_attachments_case ON case_attachments (case_id, at);
CREATE INDEX case_attachments_hash ON case_attachments (hash);

-- The last count given, by township, series and year; the search key has a line of its own.
CREATE TABLE case_numbers (
    township_id TEXT COLLATE "C" NOT NULL,
    series      TEXT COLLATE "C" NOT NULL,
    year        INTEGER NOT NULL,
    last        BIGINT NOT NULL,
    PRIMARY KEY (township_id, series, year)
);

-- Terms as `shared::search` cuts them: plain ASCII words.
CREATE TABLE case_search (
    docid BIGINT PRIMARY KEY NOT NULL,
    terms TSVECTOR NOT NULL
);
CREATE INDEX case_search_terms ON case_search USING gin (terms);
