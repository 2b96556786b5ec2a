-- Personal iCalendar feeds: one a user. Only a keyed hash of the address's secret part is kept.
CREATE TABLE calendar_feeds (
    user_id      TEXT PRIMARY KEY NOT NULL REFERENCES users (id),
    token_hash   TEXT NOT NULL UNIQUE,
    created_at   TIMESTAMP NOT NULL,
    last_used_at TIMESTAMP
);
