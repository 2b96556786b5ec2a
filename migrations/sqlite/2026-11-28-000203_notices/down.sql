DROP TABLE notices;
DELETE FROM generations WHERE name = 'notices';
