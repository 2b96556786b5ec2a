DROP INDEX cases_registrar;
CREATE INDEX cases_registrar ON cases (registrar_id, received_on);
INSERT INTO case_search (case_search, rank) VALUES ('pgsz', 4050);
