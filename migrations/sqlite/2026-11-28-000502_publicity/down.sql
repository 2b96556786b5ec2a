DROP TABLE campaign_laws;
DROP TABLE campaigns;
DROP TABLE laws;
