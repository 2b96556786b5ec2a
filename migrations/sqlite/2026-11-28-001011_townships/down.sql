DROP INDEX laws_title;
DELETE FROM campaign_laws WHERE law_id IN (SELECT id FROM laws WHERE EXISTS
    (SELECT 1 FROM laws AS other WHERE other.title = laws.title AND other.id < laws.id));
DELETE FROM laws WHERE EXISTS
    (SELECT 1 FROM laws AS other WHERE other.title = laws.title AND other.id < laws.id);
ALTER TABLE laws DROP COLUMN township_id;
CREATE UNIQUE INDEX laws_title ON laws (title);
CREATE TABLE law_profiles_of (
    id            TEXT PRIMARY KEY NOT NULL,
    in_force_from DATE NOT NULL UNIQUE,
    profile       TEXT NOT NULL,
    created_at    TIMESTAMP NOT NULL,
    created_by    TEXT
);
INSERT OR IGNORE INTO law_profiles_of (id, in_force_from, profile, created_at, created_by)
    SELECT id, in_force_from, profile, created_at, created_by FROM law_profiles ORDER BY id;
DROP TABLE law_profiles;
ALTER TABLE law_profiles_of RENAME TO law_profiles;
