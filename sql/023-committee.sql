-- oldest-program: 0.1.0
-- What a committee was chosen by, so that it can be chosen again: NULL where a hub of before has chosen.
ALTER TABLE epoch
  ADD COLUMN asked smallint,         -- seats configured
  ADD COLUMN caps  text,             -- that hold: all, prefix, operator
  ADD COLUMN rules text,             -- of the website
  ADD COLUMN unmet boolean;          -- as many different ones as they ask for there were not

-- With these, `eligible` has a validator's origin where its salted hash was: the hub can hash it, and nobody
-- could tell the origin by the hash. So it is no longer for others to read.
DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'dpin-api') THEN
    REVOKE SELECT (eligible) ON epoch FROM "dpin-api";
  END IF;
END
$$;

-- The orders of a website that were in force at a time.
CREATE INDEX work_order_by_website ON work_order (website_id, removed_at);
