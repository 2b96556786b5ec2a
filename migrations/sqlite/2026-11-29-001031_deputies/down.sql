DROP TABLE deputations;
