-- Provisional receipts: which case became of the number that a phone gave out.
CREATE TABLE provisional_receipts (
    number      TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    case_id     TEXT COLLATE "C" NOT NULL UNIQUE REFERENCES cases (id) ON DELETE CASCADE,
    author_id   TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    -- As the phone says.
    recorded_at TIMESTAMP,
    at          TIMESTAMP NOT NULL
);
