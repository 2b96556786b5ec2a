-- What lists sort and count by, with the columns that the scope looks at, so that counting a hundred
-- thousand cases reads the index alone. The few sealed, backlog and collective cases have their own.

DROP INDEX cases_village_state_due;
DROP INDEX cases_township_due;
DROP INDEX cases_township_received;
DROP INDEX cases_village_received;
DROP INDEX cases_updated;
CREATE INDEX cases_village_state_due ON cases (village_id, state, due_on, id, township_id, seal);
CREATE INDEX cases_village_received ON cases (village_id, received_on, id, township_id, seal, state, due_on);
CREATE INDEX cases_township_state_due ON cases (township_id, state, due_on, id, seal);
CREATE INDEX cases_township_due ON cases (township_id, due_on, id, seal, state);
CREATE INDEX cases_township_received ON cases (township_id, received_on, id, seal, state);
CREATE INDEX cases_township_updated ON cases (township_id, updated_at, id);
CREATE INDEX cases_sealed ON cases (township_id, received_on) WHERE seal <> 'open';
CREATE INDEX cases_backlog ON cases (township_id, due_on, id, seal, state) WHERE backlog = TRUE;
CREATE INDEX cases_collective ON cases (township_id, due_on, id, seal, state) WHERE collective = TRUE;
CREATE INDEX cases_mediation ON cases (township_id, due_on, id) WHERE mediation = TRUE;
-- The search index gives numbers of documents.
CREATE INDEX cases_docid ON cases (docid, township_id, seal, village_id);
