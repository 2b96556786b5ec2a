-- The schematic map of a township's villages, made of what the administrator uploaded.
CREATE TABLE village_maps (
    township_id TEXT PRIMARY KEY NOT NULL REFERENCES units (id),
    -- Shapes, their names and the villages that they stand for (JSON).
    body        TEXT NOT NULL,
    user_id     TEXT NOT NULL REFERENCES users (id),
    version     BIGINT NOT NULL,
    updated_at  TIMESTAMP NOT NULL
);
