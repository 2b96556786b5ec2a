-- Who registered for themselves have tens of cases, not thousands: found here, they are sorted by
-- hand. Without the day the index grows at its end, rather than in another place with each case.

DROP INDEX cases_registrar;
CREATE INDEX cases_registrar ON cases (registrar_id);
