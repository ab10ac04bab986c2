-- Items of different namespaces that tell one story: on each shelf but a source's own the one seen
-- first stands, and `place.gone` of the others there is 2.

ALTER TABLE source ADD COLUMN collapse INTEGER NOT NULL DEFAULT 1;

-- What an item is found by when its twins are looked for: hashes of its link and words as it was
-- first seen. Clustered by time, so that taking items in touches the newest pages alone; what is
-- long past is swept away.
CREATE TABLE gist (
    bucket    INTEGER NOT NULL,                 -- of its publication
    key       INTEGER NOT NULL,
    item      INTEGER NOT NULL,
    namespace INTEGER NOT NULL,
    PRIMARY KEY (bucket, key, item)
) STRICT, WITHOUT ROWID;

CREATE TABLE story (
    id   INTEGER PRIMARY KEY,
    told BLOB NOT NULL DEFAULT x''              -- hash of what its items say of each other
) STRICT;

CREATE TABLE twin (
    item   INTEGER PRIMARY KEY,
    story  INTEGER NOT NULL REFERENCES story,
    reason INTEGER                              -- 0 one link, 1 to 100 percent of words; absent: the first
) STRICT;

CREATE INDEX twin_story ON twin (story);
