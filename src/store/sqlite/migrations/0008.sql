-- Digests stand on shelves of their own (kind 3), one a period for each category and view that ever
-- had any; of a category's, whose they are.
ALTER TABLE shelf ADD COLUMN owner INTEGER REFERENCES shelf;
CREATE INDEX shelf_owner ON shelf (owner) WHERE owner IS NOT NULL;

-- How far the digests of each period have come. A cut is fixed before its first digest is written, so
-- that whoever goes on after a fall goes on with the same items.
CREATE TABLE digest_cut (
    period        INTEGER PRIMARY KEY,          -- 0 daily, 1 weekly
    at            INTEGER NOT NULL,             -- the last cut whose digests are written
    revision      INTEGER NOT NULL,             -- the last one before it
    next_at       INTEGER,                      -- the cut whose digests are being written
    next_revision INTEGER
) STRICT;
