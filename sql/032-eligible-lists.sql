-- Who was eligible was kept with every epoch of every website, 68 bytes a validator: of a thousand validators and
-- 50,000 websites 3.4 GB an hour, nearly all of it the same. A list is kept once now, and of an epoch only the
-- beginning of its order: the rest follows from the epoch's secret.
CREATE TABLE eligible_list (
  digest  bytea       PRIMARY KEY CHECK (length(digest) = 32), -- SHA-256 of the list
  list    bytea       NOT NULL,  -- by ascending id: id (4 bytes, big-endian), key (32), origin (32) of each validator
  used_at timestamptz NOT NULL DEFAULT now()                   -- an epoch began with it so late, or an hour later
);
ALTER TABLE eligible_list ALTER list SET STORAGE EXTERNAL; -- keys cannot be compressed

-- The one way or the other: epochs of before have the whole list, in the order of scores.
ALTER TABLE epoch
  ALTER eligible DROP NOT NULL,
  ADD COLUMN list    bytea REFERENCES eligible_list,
  ADD COLUMN ranking bytea,                                    -- the first in the order of scores: ids as there
  ADD CONSTRAINT epoch_list_check CHECK (CASE WHEN eligible IS NULL THEN list IS NOT NULL AND ranking IS NOT NULL
                                              ELSE list IS NULL AND ranking IS NULL END) NOT VALID;
