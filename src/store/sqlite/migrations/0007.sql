-- Pages of an archive are so many ordinals each; a page is found by them.
CREATE INDEX place_ordinal ON place (shelf, ordinal) WHERE gone = 0;

-- Items that have not found their way into a closed page yet show in their feed from now on.
UPDATE shelf SET digest = NULL;
