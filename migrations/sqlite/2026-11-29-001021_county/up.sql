-- The county that a case was handed up to (上报县级), until it is taken back or sent back: its office may read
-- the case. A partial index, for few are.
ALTER TABLE cases ADD COLUMN handed_up_to TEXT;
CREATE INDEX cases_handed_up ON cases (handed_up_to) WHERE handed_up_to IS NOT NULL;
