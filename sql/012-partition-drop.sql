-- As before, but for the order of the conditions, which PostgreSQL chooses: the names of tables that are no partitions
-- are not read as days, whatever it looks at first.
CREATE OR REPLACE FUNCTION partition_drop(p_table text, p_before date) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
  name text;
  dropped integer := 0;
BEGIN
  FOR name IN
    SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
     WHERE i.inhparent = p_table::regclass
       AND CASE WHEN c.relname ~ '_[0-9]{8}$' THEN to_date(right(c.relname, 8), 'YYYYMMDD') < p_before END
  LOOP
    EXECUTE format('DROP TABLE %I', name);
    dropped := dropped + 1;
  END LOOP;
  RETURN dropped;
END $$;

-- As before, and what takes long comes first: from the first partition that is made or dropped until the commit nobody
-- stores a tick.
CREATE OR REPLACE FUNCTION partitions_keep(p_now timestamptz, p_days_raw integer, p_days_hour integer) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
  today  date := (p_now AT TIME ZONE 'UTC')::date;
  closed date := coalesce((SELECT (max(hour) AT TIME ZONE 'UTC')::date FROM closed_hour), '-infinity');
  name   text;
  n      integer := 0;
BEGIN
  DELETE FROM rollup_hour WHERE hour < p_now - p_days_hour * interval '1 day';
  DELETE FROM rollup_validator_hour WHERE hour < p_now - p_days_hour * interval '1 day';
  DELETE FROM validator_hour WHERE hour < p_now - interval '2 days';
  FOREACH name IN ARRAY '{website_tick,tick_batch}'::text[] LOOP
    n := n + partition_ensure(name, today - 2, today + 3) + partition_drop(name, least(today - p_days_raw, closed));
  END LOOP;
  RETURN n;
END $$;
