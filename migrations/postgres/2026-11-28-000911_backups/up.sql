-- Backups that this installation has made or tried to make; not the files, which may be elsewhere by now.
CREATE TABLE backups (
    id         TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    -- As of when it is.
    at         TIMESTAMP NOT NULL,
    scheduled  BOOLEAN NOT NULL,
    -- The file's name, without its folder.
    file       TEXT NOT NULL,
    size       BIGINT NOT NULL,
    row_count  BIGINT NOT NULL,
    file_count BIGINT NOT NULL,
    -- Why there is none, in words.
    error      TEXT
);
CREATE INDEX backups_at ON backups (at);
