-- Imports of hand-kept ledgers: the runs, the rows that became cases, the numbers that undoing left.

CREATE TABLE imports (
    id           TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    township_id  TEXT COLLATE "C" NOT NULL REFERENCES units (id),
    file         TEXT COLLATE "C" NOT NULL,
    -- BLAKE3 of the workbook, which is kept encrypted in the data directory under this name.
    hash         TEXT COLLATE "C" NOT NULL,
    size         BIGINT NOT NULL,
    at           TIMESTAMP NOT NULL,
    actor_id     TEXT COLLATE "C" NOT NULL,
    actor_name   TEXT COLLATE "C" NOT NULL,
    read         INTEGER NOT NULL,
    loaded       INTEGER NOT NULL,
    flagged_rows INTEGER NOT NULL,
    duplicates   INTEGER NOT NULL,
    undone_at    TIMESTAMP,
    undone_by    TEXT COLLATE "C"
);
CREATE INDEX imports_township ON imports (township_id, id);

CREATE TABLE import_rows (
    case_id     TEXT COLLATE "C" PRIMARY KEY NOT NULL REFERENCES cases (id) ON DELETE CASCADE,
    import_id   TEXT COLLATE "C" NOT NULL REFERENCES imports (id),
    sheet       TEXT COLLATE "C" NOT NULL,
    row_number  INTEGER NOT NULL,
    -- Keyed hashes: of person, cause and day together, and of the ID number.
    fingerprint TEXT COLLATE "C" NOT NULL,
    id_hash     TEXT COLLATE "C"
);
CREATE INDEX import_rows_import ON import_rows (import_id);

-- Numbers of undone cases that later cases have gone past: void, never given again, so that no
-- number of the series is unaccounted for.
CREATE TABLE void_numbers (
    number      TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    township_id TEXT COLLATE "C" NOT NULL REFERENCES units (id),
    import_id   TEXT COLLATE "C" NOT NULL REFERENCES imports (id),
    at          TIMESTAMP NOT NULL
);
CREATE INDEX void_numbers_import ON void_numbers (import_id);
