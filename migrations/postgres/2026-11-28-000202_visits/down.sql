DROP TABLE reception_comers;
DROP TABLE reception_staff;
DROP TABLE reception_days;
DROP TABLE visit_promises;
DROP TABLE visit_changes;
DROP TABLE visit_people;
DROP TABLE visits;
