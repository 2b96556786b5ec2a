-- The schematic map of a township's villages, made of what the administrator uploaded.
CREATE TABLE village_maps (
    township_id TEXT COLLATE "C" PRIMARY KEY NOT NULL REFERENCES units (id),
    -- Shapes, their names and the villages that they stand for (JSON).
    body        TEXT COLLATE "C" NOT NULL,
    user_id     TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    version     BIGINT NOT NULL,
    updated_at  TIMESTAMP NOT NULL
);
