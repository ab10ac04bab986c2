-- Where a source moved for good, and a permanent redirect that is not believed yet: where it leads, since
-- when it was seen, and how often in a row.
ALTER TABLE source ADD COLUMN address TEXT;
ALTER TABLE source ADD COLUMN moving_to TEXT;
ALTER TABLE source ADD COLUMN moving_since INTEGER;
ALTER TABLE source ADD COLUMN moving_times INTEGER;
