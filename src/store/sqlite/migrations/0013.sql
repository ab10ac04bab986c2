-- What an operator should know of a source: since when and why it fails, when an answer last showed nothing
-- of the one before it, and since when its new address is believed.
ALTER TABLE source ADD COLUMN failing INTEGER;
ALTER TABLE source ADD COLUMN cause TEXT;
ALTER TABLE source ADD COLUMN missed INTEGER;
ALTER TABLE source ADD COLUMN learned INTEGER;
-- When `due` was written.
ALTER TABLE source ADD COLUMN noted INTEGER;
