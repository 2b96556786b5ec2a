-- Who registered for themselves have tens of cases, not thousands: found here, they are sorted by
-- hand. Without the day the index grows at its end, rather than in another place with each case.

DROP INDEX cases_registrar;
CREATE INDEX cases_registrar ON cases (registrar_id);

-- A piece of the search index fits into a page of 2 KB, which new files have.
INSERT INTO case_search (case_search, rank) VALUES ('pgsz', 1900);
