ALTER TABLE case_people DROP COLUMN trusted_phone;
ALTER TABLE case_people DROP COLUMN trusted_name;
ALTER TABLE case_people DROP COLUMN neutral_wording;
ALTER TABLE case_people DROP COLUMN do_not_call;
ALTER TABLE case_people DROP COLUMN contact_hours;
DROP TABLE case_papers;
