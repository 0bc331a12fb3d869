-- oldest-program: 0.1.0
-- Epochs, orders and lists show that ticks came from those who were chosen for them. They stayed for ever: of 50,000
-- websites, which have four new orders an hour each, 3 GB a day. Now they go some days after the last tick and the last
-- batch that could refer to them.
CREATE INDEX epoch_by_end ON epoch USING brin (ends_at) WITH (pages_per_range = 16, autosummarize = on);
CREATE INDEX epoch_by_list ON epoch (list);

-- Three days before the oldest day of which there are ticks or batches: what arrives is not older than two.
CREATE FUNCTION choices_since() RETURNS timestamptz LANGUAGE sql STABLE AS $$
  SELECT (min(CASE WHEN c.relname ~ '_[0-9]{8}$' THEN to_date(right(c.relname, 8), 'YYYYMMDD') END) - 3)::timestamp
         AT TIME ZONE 'UTC'
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
   WHERE i.inhparent IN ('website_tick'::regclass, 'tick_batch'::regclass)
$$;

-- Deletes at most p_most epochs and as many orders that ended before that. The newest epoch of a website stays, and the
-- newest order: numbers go on from there. Lists without an epoch go in the end. Returns how many epochs or orders,
-- whichever were more: p_most means that there may be more of them.
CREATE FUNCTION choices_forget(p_most integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  since  timestamptz := choices_since();
  epochs integer;
  orders integer;
BEGIN
  DELETE FROM epoch WHERE ctid = ANY (ARRAY(
    SELECT e.ctid FROM epoch e WHERE e.ends_at < since
       AND EXISTS (SELECT FROM epoch n WHERE n.website_id = e.website_id AND n.number > e.number) LIMIT p_most));
  GET DIAGNOSTICS epochs = ROW_COUNT;
  DELETE FROM work_order WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM work_order WHERE removed_at < since AND id < (SELECT max(id) FROM work_order) LIMIT p_most));
  GET DIAGNOSTICS orders = ROW_COUNT;
  IF epochs < p_most THEN
    DELETE FROM eligible_list l WHERE used_at < since AND NOT EXISTS (SELECT FROM epoch WHERE list = l.digest);
  END IF;
  RETURN greatest(epochs, orders);
END $$;
