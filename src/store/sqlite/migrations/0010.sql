-- Whom a source is asked of, and hosts that asked to be left alone until some time. No row says more than
-- one that is over.
ALTER TABLE source ADD COLUMN host TEXT;
CREATE TABLE host (
    name  TEXT PRIMARY KEY,
    until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
