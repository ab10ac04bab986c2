-- How many items readers see on a shelf, counted as they come and go.
ALTER TABLE shelf ADD COLUMN live INTEGER NOT NULL DEFAULT 0;
UPDATE shelf SET live = (SELECT count(*) FROM place WHERE place.shelf = shelf.id AND gone = 0);
ALTER TABLE source DROP COLUMN items;

-- What the document calls itself (Atom's `id`).
ALTER TABLE source ADD COLUMN own_id TEXT;

-- Token of the lease under which a name first led to its item: of two names for one item the later
-- one's words count, however often either is read again.
ALTER TABLE sighting ADD COLUMN first INTEGER NOT NULL DEFAULT 0;
UPDATE sighting SET first = poll;

-- Articles a body links to, by their keys, so that it does not matter which of the two came first.
CREATE TABLE mention (
    item INTEGER NOT NULL,
    key  BLOB NOT NULL,
    PRIMARY KEY (item, key)
) STRICT, WITHOUT ROWID;

-- Whether the last listing was not taken to its end, so that what is known on its first page tells
-- nothing of the pages behind it.
ALTER TABLE source ADD COLUMN unfinished INTEGER NOT NULL DEFAULT 0;
