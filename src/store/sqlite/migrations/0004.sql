-- Items that can be searched, by a number that sorts as feeds do: the second of their place above ten
-- bits that tell those of one second apart. Fixed while the item is there.
CREATE TABLE document (
    number INTEGER PRIMARY KEY,
    item   INTEGER NOT NULL UNIQUE
) STRICT;

-- Their terms by number, and nothing of their words. The tokenizer leaves all that is not ASCII as it
-- is, and of ASCII our terms have letters and digits only. One character alone, and a word's first
-- three, are asked for so often that they have lists of their own.
CREATE VIRTUAL TABLE term USING fts5 (
    terms, content = '', contentless_delete = 1, tokenize = 'ascii', prefix = '1 3'
);

-- How far the index has followed the log, by which rules it makes terms, and how much is in it. One row.
CREATE TABLE indexed (
    id        INTEGER PRIMARY KEY CHECK (id = 1),
    revision  INTEGER NOT NULL,
    rules     INTEGER NOT NULL,
    documents INTEGER NOT NULL
) STRICT;

INSERT INTO indexed (id, revision, rules, documents) VALUES (1, 0, 0, 0);
