-- When a source does not want to be asked (RSS skipHours and skipDays, as bits), and how often it brings
-- something new: when it did last, and how long it usually is from one time to the next, in milliseconds.
ALTER TABLE source ADD COLUMN skip_hours INTEGER NOT NULL DEFAULT 0;
ALTER TABLE source ADD COLUMN skip_days INTEGER NOT NULL DEFAULT 0;
ALTER TABLE source ADD COLUMN news INTEGER;
ALTER TABLE source ADD COLUMN gap INTEGER;
