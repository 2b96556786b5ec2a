-- Photos: uploaded first, then named by the record that they belong to. Their content lies among the
-- attachments, under its hash.
CREATE TABLE photos (
    id          TEXT PRIMARY KEY NOT NULL,
    township_id TEXT NOT NULL,
    media_type  TEXT NOT NULL,
    size        BIGINT NOT NULL,
    hash        TEXT NOT NULL,
    width       INTEGER NOT NULL,
    height      INTEGER NOT NULL,
    uploader_id TEXT NOT NULL REFERENCES users (id),
    uploaded_at TIMESTAMP NOT NULL,
    -- None until a record names it.
    owner_kind  TEXT,
    owner_id    TEXT,
    -- Its place among the record's.
    position    INTEGER NOT NULL
);
CREATE INDEX photos_owner ON photos (owner_kind, owner_id);
CREATE INDEX photos_hash ON photos (hash);
CREATE INDEX photos_unclaimed ON photos (uploaded_at) WHERE owner_kind IS NULL;
