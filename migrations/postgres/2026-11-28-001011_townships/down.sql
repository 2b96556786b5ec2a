DROP INDEX laws_title;
DELETE FROM campaign_laws WHERE law_id IN (SELECT id FROM laws WHERE EXISTS
    (SELECT 1 FROM laws AS other WHERE other.title = laws.title AND other.id < laws.id));
DELETE FROM laws WHERE EXISTS
    (SELECT 1 FROM laws AS other WHERE other.title = laws.title AND other.id < laws.id);
ALTER TABLE laws DROP COLUMN township_id;
CREATE UNIQUE INDEX laws_title ON laws (title);
DROP INDEX law_profiles_day;
DELETE FROM law_profiles WHERE EXISTS (SELECT 1 FROM law_profiles AS other
    WHERE other.in_force_from = law_profiles.in_force_from AND other.id < law_profiles.id);
ALTER TABLE law_profiles DROP COLUMN township_id;
ALTER TABLE law_profiles ADD UNIQUE (in_force_from);
