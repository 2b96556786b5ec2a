DROP TABLE honours;
DROP TABLE criteria_sheets;
