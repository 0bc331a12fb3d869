-- PostgreSQL keeps a frame beside its row in pieces of 1996 bytes, four a page. What is over makes a shorter piece, and
-- most pages then have room for half a piece or more that nothing fits into: a tenth of what batches take. So the frame
-- of a batch is `frame || rest` now: as many whole pieces as there are, and what is over, in the row itself.
ALTER TABLE tick_batch ADD COLUMN rest bytea NOT NULL DEFAULT '';
COMMENT ON COLUMN tick_batch.rest IS
  'the end of the frame: what is before it, whole pieces of 1996 bytes, or all of less, is in frame';
-- None of these goes elsewhere to make the row shorter.
ALTER TABLE tick_batch ALTER COLUMN rest SET STORAGE PLAIN, ALTER COLUMN hash SET STORAGE PLAIN,
  ALTER COLUMN codes SET STORAGE PLAIN;
