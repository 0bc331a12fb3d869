-- oldest-program: 0.1.0
-- An organisation may keep ticks and hourly rollups for fewer days than the hub is set to, or for more. That is for the
-- operator to say, so it is no column of organisation, which the API writes.
CREATE TABLE organisation_retention (
  organisation_id integer NOT NULL PRIMARY KEY REFERENCES organisation,
  days_raw        integer CHECK (days_raw BETWEEN 1 AND 3650),  -- NULL: as configured
  days_hour       integer CHECK (days_hour BETWEEN 1 AND 36500)
);

-- How far what is older than its organisation's days is deleted.
CREATE TABLE retention_progress (
  organisation_id integer NOT NULL REFERENCES organisation,
  level           text    NOT NULL CHECK (level IN ('raw', 'hour')),
  gone            date    NOT NULL,              -- all before this day is; and before this one
  goal            date    NOT NULL,
  website_id      integer NOT NULL DEFAULT 0,    -- what is of websites up to here
  PRIMARY KEY (organisation_id, level)
);

-- One after the other, removed ones too.
CREATE INDEX website_by_owner ON website (organisation_id, id);

-- As before, but for the longest that anybody keeps it. Hours stay until their day is closed, which is made of them.
CREATE OR REPLACE FUNCTION partitions_keep(p_now timestamptz, p_days_raw integer, p_days_hour integer) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
  today  date := (p_now AT TIME ZONE 'UTC')::date;
  closed date := coalesce((SELECT (max(hour) AT TIME ZONE 'UTC')::date FROM closed_hour), '-infinity');
  raw    integer := greatest(p_days_raw, (SELECT max(days_raw) FROM organisation_retention));
  hours  integer := greatest(p_days_hour, (SELECT max(days_hour) FROM organisation_retention));
  until  timestamptz := least(p_now - hours * interval '1 day', closed::timestamp AT TIME ZONE 'UTC');
  name   text;
  n      integer := 0;
BEGIN
  DELETE FROM rollup_hour WHERE hour < until;
  DELETE FROM rollup_validator_hour WHERE hour < until;
  DELETE FROM validator_hour WHERE hour < p_now - interval '2 days';
  FOREACH name IN ARRAY '{website_tick,tick_batch}'::text[] LOOP
    n := n + partition_ensure(name, today - 2, today + 3) + partition_drop(name, least(today - raw, closed));
  END LOOP;
  RETURN n;
END $$;

-- Deletes at most p_most ticks or rollups of a website, those from day p_from until before p_until. Returns how many;
-- fewer than p_most: none are left.
CREATE FUNCTION website_forget(p_website integer, p_level text, p_from date, p_until date, p_most integer)
RETURNS integer LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
  part    text;
  deleted integer;
  n       integer := 0;
BEGIN
  IF p_level = 'hour' THEN
    DELETE FROM rollup_validator_hour WHERE ctid = ANY (ARRAY(
      SELECT ctid FROM rollup_validator_hour
       WHERE website_id = p_website AND hour < p_until::timestamp AT TIME ZONE 'UTC' LIMIT p_most));
    GET DIAGNOSTICS n = ROW_COUNT;
    DELETE FROM rollup_hour WHERE ctid = ANY (ARRAY(
      SELECT ctid FROM rollup_hour
       WHERE website_id = p_website AND hour < p_until::timestamp AT TIME ZONE 'UTC' LIMIT p_most - n));
    GET DIAGNOSTICS deleted = ROW_COUNT;
    RETURN n + deleted;
  END IF;
  FOR part IN
    SELECT c.oid::regclass::text FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
     WHERE i.inhparent = 'website_tick'::regclass
       AND CASE WHEN c.relname ~ '_[0-9]{8}$'
           THEN daterange(p_from, p_until) @> to_date(right(c.relname, 8), 'YYYYMMDD') END
     ORDER BY c.relname
  LOOP
    EXECUTE format('DELETE FROM %s WHERE ctid = ANY (ARRAY('
                   'SELECT ctid FROM %1$s WHERE website_id = $1 LIMIT $2))', part)
      USING p_website, p_most - n;
    GET DIAGNOSTICS deleted = ROW_COUNT;
    n := n + deleted;
    EXIT WHEN n >= p_most;
  END LOOP;
  RETURN n;
END $$;

-- What is due of one kind and one organisation: days before `until`, of websites behind `after`. What was begun is
-- ended first. A day ends an hour late: what came in its last moment is stored by then. A tick is never older than a
-- day when it comes, so none comes to a day that is gone.
CREATE FUNCTION retention_due(p_now timestamptz, p_days_raw integer, p_days_hour integer)
RETURNS TABLE (organisation integer, level text, gone date, until date, after integer) LANGUAGE sql STABLE AS $$
  SELECT o.id, l.level, coalesce(p.gone, '-infinity'), CASE WHEN begun THEN p.goal ELSE last END,
         CASE WHEN begun THEN p.website_id ELSE 0 END
    FROM organisation o
    LEFT JOIN organisation_retention r ON r.organisation_id = o.id
   CROSS JOIN (SELECT greatest(p_days_raw, max(days_raw)) AS raw, greatest(p_days_hour, max(days_hour)) AS hour
                 FROM organisation_retention) AS longest
   CROSS JOIN LATERAL (VALUES ('raw', coalesce(r.days_raw, p_days_raw), longest.raw),
                              ('hour', coalesce(r.days_hour, p_days_hour), longest.hour)) AS l (level, days, most)
   CROSS JOIN LATERAL (
     SELECT least(((p_now - interval '1 hour') AT TIME ZONE 'UTC')::date - l.days,
                  coalesce((max(hour) AT TIME ZONE 'UTC')::date, '-infinity')) AS last FROM closed_hour) AS c
    LEFT JOIN retention_progress p ON p.organisation_id = o.id AND p.level = l.level
   CROSS JOIN LATERAL (SELECT coalesce(p.website_id > 0 AND p.goal <= last, false) AS begun) AS b
   WHERE l.days < l.most AND coalesce(p.gone, '-infinity') < last
   ORDER BY o.id, l.level
$$;

-- Deletes what is older than its organisation's days, as far as p_most goes: one for a row, one for a website or an
-- organisation that is looked at. Returns how many rows; NULL: nothing was due.
CREATE FUNCTION retention_step(p_now timestamptz, p_days_raw integer, p_days_hour integer, p_most integer)
RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  due     record;
  website integer;
  deleted integer;
  rest    integer := p_most;
  n       integer;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('dpin.retention'));
  FOR due IN SELECT * FROM retention_due(p_now, p_days_raw, p_days_hour) LOOP
    n := coalesce(n, 0);
    FOR website IN
      SELECT w.id FROM website w WHERE w.organisation_id = due.organisation AND w.id > due.after ORDER BY w.id
    LOOP
      EXIT WHEN rest <= 0;
      deleted := website_forget(website, due.level, due.gone, due.until, rest);
      n := n + deleted;
      IF deleted < rest THEN
        due.after := website;
      END IF;
      rest := rest - deleted - 1;
    END LOOP;
    INSERT INTO retention_progress AS p
    VALUES (due.organisation, due.level, CASE WHEN rest > 0 THEN due.until ELSE due.gone END, due.until,
            CASE WHEN rest > 0 THEN 0 ELSE due.after END)
    ON CONFLICT (organisation_id, level) DO UPDATE
      SET (gone, goal, website_id) = (excluded.gone, excluded.goal, excluded.website_id);
    rest := rest - 1;
    EXIT WHEN rest <= 0;
  END LOOP;
  RETURN n;
END $$;
