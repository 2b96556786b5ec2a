-- Provisional receipts: which case became of the number that a phone gave out.
CREATE TABLE provisional_receipts (
    number      TEXT PRIMARY KEY NOT NULL,
    case_id     TEXT NOT NULL UNIQUE REFERENCES cases (id) ON DELETE CASCADE,
    author_id   TEXT NOT NULL REFERENCES users (id),
    -- As the phone says.
    recorded_at TIMESTAMP,
    at          TIMESTAMP NOT NULL
);
