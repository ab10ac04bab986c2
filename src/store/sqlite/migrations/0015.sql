-- Hash of all an item has been up to a change, so that what is told of the change has one name for ever.
ALTER TABLE log ADD COLUMN chain BLOB NOT NULL DEFAULT x'';

-- Who is told of changes, and how far each has come.
CREATE TABLE subscription (
    id           INTEGER PRIMARY KEY,
    name         TEXT NOT NULL UNIQUE,
    listed       INTEGER NOT NULL,              -- 1 the file's, 0 made at run time
    enrolled     INTEGER NOT NULL,              -- 0 when the file does not name it any more
    url          TEXT NOT NULL,
    terms        TEXT NOT NULL,                 -- JSON, all else the operator says
    key          TEXT,                          -- of one made at run time
    former_key   TEXT,
    former_until INTEGER,
    state        INTEGER NOT NULL DEFAULT 0,    -- 0 active, 1 paused, 2 given up
    cursor       INTEGER NOT NULL,
    batch        INTEGER,                       -- end of the batch that is being delivered
    failures     INTEGER NOT NULL DEFAULT 0,
    refusals     INTEGER NOT NULL DEFAULT 0,
    failing      INTEGER,
    due          INTEGER,
    trouble      TEXT,
    succeeded    INTEGER,
    token        INTEGER NOT NULL DEFAULT 0,
    expires      INTEGER                        -- by the clock of this database
) STRICT;

-- Events that were given up.
CREATE TABLE dead (
    subscription INTEGER NOT NULL REFERENCES subscription,
    revision     INTEGER NOT NULL,
    item         BLOB NOT NULL,
    event        TEXT NOT NULL,
    message      TEXT NOT NULL,
    attempts     INTEGER NOT NULL,
    at           INTEGER NOT NULL,
    why          TEXT NOT NULL,
    PRIMARY KEY (subscription, revision)
) STRICT, WITHOUT ROWID;

-- Rows of the log that are to be sent again.
CREATE TABLE replay (
    subscription INTEGER NOT NULL REFERENCES subscription,
    revision     INTEGER NOT NULL,
    PRIMARY KEY (subscription, revision)
) STRICT, WITHOUT ROWID;

-- What ids of messages are derived with. One row.
CREATE TABLE seal (
    id  INTEGER PRIMARY KEY CHECK (id = 1),
    key BLOB NOT NULL
) STRICT;
INSERT INTO seal (id, key) VALUES (1, randomblob(32));

-- Counts what people change of subscriptions.
INSERT INTO counter (name, value) VALUES ('rosters', 0);
