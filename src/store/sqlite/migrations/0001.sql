-- Times are milliseconds since 1970; a column `…_offset` beside one holds the minutes east of UTC
-- it was written in. Hashes and marks are stored as signed integers with the same bits.

-- What only grows: the newest revision and the newest lease's token.
CREATE TABLE counter (
    name  TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO counter (name, value) VALUES ('revision', 0), ('token', 0);

-- What the feeds show; heads are judged by it. One row.
CREATE TABLE feed_window (
    id    INTEGER PRIMARY KEY CHECK (id = 1),
    items INTEGER NOT NULL,
    age   INTEGER NOT NULL,
    most  INTEGER NOT NULL,
    bytes INTEGER NOT NULL
) STRICT;

-- Within a namespace a key names one article.
CREATE TABLE namespace (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE source (
    id             INTEGER PRIMARY KEY,
    name           TEXT NOT NULL UNIQUE,
    enrolled       INTEGER NOT NULL,
    rank           INTEGER NOT NULL,
    namespace      INTEGER NOT NULL REFERENCES namespace,
    title          TEXT,                        -- the operator's
    own_title      TEXT,                        -- the document's
    url            TEXT NOT NULL,
    categories     TEXT NOT NULL,               -- JSON list of names
    max_categories INTEGER NOT NULL,
    keep           INTEGER,
    -- between polls
    validators     TEXT NOT NULL DEFAULT '[]',  -- JSON list
    polled         INTEGER,
    succeeded      INTEGER,
    failures       INTEGER NOT NULL DEFAULT 0,
    due            INTEGER,                     -- absent: at once
    trouble        TEXT,
    problems       TEXT NOT NULL DEFAULT '[]',  -- JSON list
    ttl            INTEGER,                     -- minutes the document may be kept
    overflow       TEXT,                        -- why a category was not opened
    items          INTEGER NOT NULL DEFAULT 0,
    -- the lease
    token          INTEGER NOT NULL DEFAULT 0,
    expires        INTEGER                      -- by the clock of this database
) STRICT;

-- The order in which sources are claimed.
CREATE INDEX source_due ON source (due, rank) WHERE enrolled;
CREATE INDEX source_leased ON source (expires) WHERE expires IS NOT NULL;

-- Apart from the rest, so that neither a claim nor the end of a poll passes over a large one.
CREATE TABLE answer (
    source INTEGER PRIMARY KEY REFERENCES source,
    keys   BLOB NOT NULL                        -- of the marks of the last whole answer, sorted, 8 bytes each
) STRICT;

CREATE TABLE item (
    row                INTEGER PRIMARY KEY,
    id                 BLOB NOT NULL UNIQUE,
    namespace          INTEGER NOT NULL REFERENCES namespace,
    source             INTEGER NOT NULL REFERENCES source,  -- owns the text
    public_id          TEXT,                                -- absent: the id as a URN
    guid               TEXT,
    matter             TEXT NOT NULL,                       -- JSON, all but the body
    fingerprint        BLOB NOT NULL,
    published          INTEGER NOT NULL,
    published_offset   INTEGER NOT NULL,
    published_inferred INTEGER NOT NULL,
    published_raw      TEXT,
    updated            INTEGER NOT NULL,
    updated_offset     INTEGER NOT NULL,
    seen               INTEGER NOT NULL,
    seen_offset        INTEGER NOT NULL,
    order_ms           INTEGER NOT NULL,
    state              INTEGER NOT NULL DEFAULT 0           -- 0 live, 1 gone, 2 taken down
) STRICT;

CREATE UNIQUE INDEX item_public ON item (public_id) WHERE public_id IS NOT NULL;
CREATE INDEX item_source ON item (source, seen);

-- Apart from the rest, so that lists never touch it.
CREATE TABLE body (
    item    INTEGER PRIMARY KEY REFERENCES item,
    content TEXT NOT NULL
) STRICT;

-- Every key ever seen leads to its item; to nothing once that was pruned.
CREATE TABLE alias (
    namespace INTEGER NOT NULL,
    key       BLOB NOT NULL,
    item      INTEGER,
    PRIMARY KEY (namespace, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX alias_item ON alias (item) WHERE item IS NOT NULL;

-- What a source calls an entry, how it looked, and what became of it.
CREATE TABLE sighting (
    source     INTEGER NOT NULL,
    mark       INTEGER NOT NULL,
    digest     INTEGER NOT NULL,
    item       INTEGER,
    verdict    TEXT,                            -- why it is no item
    categories TEXT NOT NULL DEFAULT '[]',      -- JSON list of names
    detailed   INTEGER,
    seen       INTEGER NOT NULL,
    poll       INTEGER NOT NULL,                -- token of the lease it was written under
    PRIMARY KEY (source, mark)
) STRICT, WITHOUT ROWID;

CREATE INDEX sighting_item ON sighting (item) WHERE item IS NOT NULL;

-- The words of each sighting of an item that has several; of one with a single sighting they are the item's.
CREATE TABLE contribution (
    source INTEGER NOT NULL,
    mark   INTEGER NOT NULL,
    matter TEXT NOT NULL,                       -- JSON, with the body
    PRIMARY KEY (source, mark)
) STRICT, WITHOUT ROWID;

CREATE TABLE shelf (
    id          INTEGER PRIMARY KEY,
    kind        INTEGER NOT NULL,               -- 0 all, 1 category, 2 source
    key         TEXT NOT NULL,                  -- slug or source
    folded      TEXT UNIQUE,                    -- a category's name as it is compared
    name        TEXT NOT NULL,
    title       TEXT,
    description TEXT,
    language    TEXT,
    rank        INTEGER,                        -- place in the file; absent: not in it
    opener      INTEGER,                        -- source whose item opened it
    revision    INTEGER NOT NULL DEFAULT 0,
    at          INTEGER NOT NULL,
    digest      BLOB,                           -- of what its window showed at its head
    ordinal     INTEGER NOT NULL DEFAULT 1,     -- the next one
    came        INTEGER NOT NULL,
    UNIQUE (kind, key)
) STRICT;

CREATE INDEX shelf_opener ON shelf (opener) WHERE opener IS NOT NULL;

CREATE TABLE shelf_alias (
    alias TEXT PRIMARY KEY,
    shelf INTEGER NOT NULL REFERENCES shelf
) STRICT, WITHOUT ROWID;

-- Clustered in the order of the feed, so that a window is one scan that touches nothing else.
CREATE TABLE place (
    shelf    INTEGER NOT NULL,
    gone     INTEGER NOT NULL,
    order_ms INTEGER NOT NULL,
    poll     INTEGER NOT NULL,                  -- of two with one time, the later poll's stands first,
    ordinal  INTEGER NOT NULL,                  -- and within a poll the list decides
    item     INTEGER NOT NULL,
    revision INTEGER NOT NULL,                  -- of the item's last change
    seen     INTEGER NOT NULL,                  -- when it came to this shelf
    backlog  INTEGER NOT NULL,
    PRIMARY KEY (shelf, gone, order_ms DESC, poll DESC, ordinal)
) STRICT, WITHOUT ROWID;

CREATE INDEX place_item ON place (item);
CREATE INDEX place_seen ON place (shelf, seen) WHERE gone = 0 AND backlog = 0;

-- The one order of all changes.
CREATE TABLE log (
    revision INTEGER PRIMARY KEY,
    item     INTEGER NOT NULL,
    verb     INTEGER NOT NULL,                  -- 1 published, 2 updated, 3 refiled, 4 withdrawn
    quiet    INTEGER NOT NULL,
    at       INTEGER NOT NULL
) STRICT;

CREATE INDEX log_item ON log (item);

-- Details a source owes us, and how often asking failed.
CREATE TABLE owed (
    source   INTEGER NOT NULL,
    mark     INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    PRIMARY KEY (source, mark)
) STRICT, WITHOUT ROWID;
