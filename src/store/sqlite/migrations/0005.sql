-- What each source did on its last days, for whoever looks after it. A day is counted at +08:00.
CREATE TABLE poll_day (
    source   INTEGER NOT NULL REFERENCES source,
    day      INTEGER NOT NULL,
    polls    INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    items    INTEGER NOT NULL,
    PRIMARY KEY (source, day)
) STRICT, WITHOUT ROWID;
