-- The hub a source's document names, when it is asked next to push, how often it did not do so in a row,
-- and why.
ALTER TABLE source ADD COLUMN hub TEXT;
ALTER TABLE source ADD COLUMN topic TEXT;
ALTER TABLE source ADD COLUMN ask_hub_at INTEGER;
ALTER TABLE source ADD COLUMN hub_refusals INTEGER NOT NULL DEFAULT 0;
ALTER TABLE source ADD COLUMN hub_trouble TEXT;
CREATE INDEX source_hub ON source (ask_hub_at) WHERE enrolled AND ask_hub_at IS NOT NULL;

-- Addresses of ours that hubs know.
CREATE TABLE callback (
    token  TEXT PRIMARY KEY,
    source INTEGER NOT NULL REFERENCES source,
    hub    TEXT NOT NULL,
    topic  TEXT NOT NULL,
    secret TEXT NOT NULL,
    asked  INTEGER NOT NULL,
    lease  INTEGER                              -- until when the hub uses it; absent until it says so
) STRICT, WITHOUT ROWID;
CREATE INDEX callback_source ON callback (source, lease);

-- When a push made the source due while it was being polled.
ALTER TABLE source ADD COLUMN hastened INTEGER;
