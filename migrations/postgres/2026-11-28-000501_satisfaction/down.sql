DROP TABLE satisfaction;
