DROP INDEX cases_registrar;
CREATE INDEX cases_registrar ON cases (registrar_id, received_on);
