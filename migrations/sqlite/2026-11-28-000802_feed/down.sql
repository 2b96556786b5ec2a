DROP TABLE case_scopes;
DELETE FROM generations WHERE name = 'feed';
