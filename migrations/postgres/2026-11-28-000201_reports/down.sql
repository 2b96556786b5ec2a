DROP TABLE report_findings;
DROP TABLE reports;
DELETE FROM settings WHERE key = 'reports';
