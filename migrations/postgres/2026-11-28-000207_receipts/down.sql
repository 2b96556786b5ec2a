DROP TABLE provisional_receipts;
