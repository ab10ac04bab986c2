-- Callbacks that follow topics of our hub, each under a lease.
CREATE TABLE follower (
    id       INTEGER PRIMARY KEY,
    topic    TEXT NOT NULL,                     -- its path
    callback TEXT NOT NULL,
    host     TEXT NOT NULL,                     -- of the callback
    asked    TEXT NOT NULL,                     -- the topic as it was asked for
    secret   TEXT,
    until    INTEGER NOT NULL,                  -- end of the lease
    reached  INTEGER NOT NULL,                  -- revision of the topic that was last told, or was the same
    sent     BLOB,                              -- hash of the bytes that were last told
    failures INTEGER NOT NULL DEFAULT 0,
    due      INTEGER,
    token    INTEGER NOT NULL DEFAULT 0,
    expires  INTEGER,                           -- by the clock of this database
    UNIQUE (topic, callback)
) STRICT;
CREATE INDEX follower_reached ON follower (topic, reached);
CREATE INDEX follower_until ON follower (until);

-- What was asked of the hub and is not known to be meant. A later one takes the place of an earlier one.
CREATE TABLE intent (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    mode     INTEGER NOT NULL,                  -- 0 subscribe, 1 unsubscribe
    topic    TEXT NOT NULL,
    callback TEXT NOT NULL,
    host     TEXT NOT NULL,
    asked    TEXT NOT NULL,
    secret   TEXT,
    lease    INTEGER NOT NULL,                  -- seconds
    at       INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    due      INTEGER NOT NULL,
    expires  INTEGER,
    UNIQUE (topic, callback)
) STRICT;
CREATE INDEX intent_due ON intent (due);
CREATE INDEX intent_host ON intent (host);

-- As what the batch is sent that is being delivered.
ALTER TABLE subscription ADD COLUMN message TEXT;
