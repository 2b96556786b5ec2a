DROP TABLE case_search;
DROP TABLE case_numbers;
DROP TABLE case_attachments;
DROP TABLE case_events;
DROP TABLE case_people;
DROP TABLE case_units;
DROP TABLE cases;
