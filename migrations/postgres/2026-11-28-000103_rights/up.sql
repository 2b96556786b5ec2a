-- A right of the parties that lapses unused, such as the 30 days to apply for judicial confirmation
-- (人民调解法第三十三条): apart from what is due, as it goes by without a step. 9999-12-31: none.
ALTER TABLE case_matters ADD COLUMN right_on DATE NOT NULL DEFAULT '9999-12-31';
ALTER TABLE case_matters ADD COLUMN right_what TEXT COLLATE "C";
