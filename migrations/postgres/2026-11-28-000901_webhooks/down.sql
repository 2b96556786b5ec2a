DROP TABLE webhook_addresses;
DROP TABLE webhook_deliveries;
DROP TRIGGER webhook_outbox_fill ON case_events;
DROP FUNCTION webhook_outbox_fill();
DROP TABLE webhook_outbox;
DROP TABLE webhooks;
