-- Frames are kept as they are. They are hashes, numbers and signatures: what compression found in them was less
-- than what it cost PostgreSQL, and that more than the rows of some of their ticks.
ALTER TABLE tick_batch ALTER COLUMN frame SET STORAGE EXTERNAL;
