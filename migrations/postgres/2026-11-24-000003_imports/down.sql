DROP TABLE void_numbers;
DROP TABLE import_rows;
DROP TABLE imports;
