-- Several townships in one database: what was of the installation is of a township now, or of the
-- county above it.

-- The library of laws. Before the first run there is no township yet; it takes these.
ALTER TABLE laws ADD COLUMN township_id TEXT;
UPDATE laws SET township_id = (SELECT id FROM units WHERE parent_id IS NULL ORDER BY id LIMIT 1);
DROP INDEX laws_title;
CREATE UNIQUE INDEX laws_title ON laws (township_id, title);

CREATE TABLE law_profiles_of (
    id            TEXT PRIMARY KEY NOT NULL,
    township_id   TEXT NOT NULL,
    in_force_from DATE NOT NULL,
    profile       TEXT NOT NULL,
    created_at    TIMESTAMP NOT NULL,
    created_by    TEXT
);
INSERT INTO law_profiles_of (id, township_id, in_force_from, profile, created_at, created_by)
    SELECT id, (SELECT units.id FROM units WHERE parent_id IS NULL ORDER BY units.id LIMIT 1),
        in_force_from, profile, created_at, created_by
    FROM law_profiles;
DROP TABLE law_profiles;
ALTER TABLE law_profiles_of RENAME TO law_profiles;
CREATE UNIQUE INDEX law_profiles_day ON law_profiles (township_id, in_force_from);
