-- What a source's answers taught of its identifiers (`link` or `title+day`), and polls in a row that
-- showed most of what is known under new ones.
ALTER TABLE source ADD COLUMN key_rule TEXT;
ALTER TABLE source ADD COLUMN renamings INTEGER NOT NULL DEFAULT 0;
