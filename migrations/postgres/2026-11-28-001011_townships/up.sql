-- Several townships in one database: what was of the installation is of a township now, or of the
-- county above it.

-- The library of laws. Before the first run there is no township yet; it takes these.
ALTER TABLE laws ADD COLUMN township_id TEXT COLLATE "C";
UPDATE laws SET township_id = (SELECT id FROM units WHERE parent_id IS NULL ORDER BY id LIMIT 1);
DROP INDEX laws_title;
CREATE UNIQUE INDEX laws_title ON laws (township_id, title);

ALTER TABLE law_profiles ADD COLUMN township_id TEXT COLLATE "C";
UPDATE law_profiles
    SET township_id = (SELECT id FROM units WHERE parent_id IS NULL ORDER BY id LIMIT 1);
ALTER TABLE law_profiles ALTER COLUMN township_id SET NOT NULL;
ALTER TABLE law_profiles DROP CONSTRAINT law_profiles_in_force_from_key;
CREATE UNIQUE INDEX law_profiles_day ON law_profiles (township_id, in_force_from);
