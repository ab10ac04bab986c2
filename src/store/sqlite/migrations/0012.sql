-- The order in which sources are claimed, with their hosts: those of a host that has no room are passed
-- over without looking at them.
DROP INDEX source_due;
CREATE INDEX source_due ON source (due, rank, host, enrolled) WHERE enrolled;
