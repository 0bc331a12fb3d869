-- A tick of a validator that had not heard the hub yet never votes, not after a restart of the hub either.
ALTER TABLE tick_batch ADD COLUMN unsynced boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN tick_batch.unsynced IS 'the validator did not know hub time: its ticks do not vote';
