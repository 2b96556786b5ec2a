DROP TABLE case_matters;
