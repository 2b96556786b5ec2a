-- A case that was sent on stays with its sender until the receiver takes it; what the petitioner says
-- of the last answer; whether a review upheld or changed that.

ALTER TABLE cases ADD COLUMN offered_unit_id TEXT;
ALTER TABLE cases ADD COLUMN heard TEXT;
ALTER TABLE cases ADD COLUMN reviewed BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX cases_offered ON cases (offered_unit_id) WHERE offered_unit_id IS NOT NULL;

-- What was sent on before: not taken yet, so the coordination office that sends cases on answers for it.
UPDATE cases SET offered_unit_id = responsible_unit_id, responsible_user_id = NULL
WHERE state = 'transferred' AND responsible_unit_id IS NOT NULL;
UPDATE cases SET responsible_unit_id = (
    SELECT min(units.id) FROM units
    WHERE units.parent_id = cases.township_id AND units.kind = 'coordination_office'
)
WHERE state = 'transferred' AND offered_unit_id IS NOT NULL;
