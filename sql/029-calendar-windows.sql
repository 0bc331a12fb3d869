-- oldest-program: 0.1.0
-- When maintenance is on, of all windows in one pass, from fields that are read once.

CREATE TYPE cron_fields AS (minutes integer[], hours integer[], days integer[], months integer[], weekdays integer[],
                            either boolean);

-- As cron_parse() reads them. Its path is set, for whoever restores a dump has none.
CREATE FUNCTION cron_read(p_cron text) RETURNS cron_fields
LANGUAGE sql IMMUTABLE STRICT SET search_path = public, pg_temp AS $$
  SELECT ROW(c.minutes, c.hours, c.days, c.months, c.weekdays, c.either)::cron_fields FROM cron_parse(p_cron) c
$$;

ALTER TABLE maintenance ADD COLUMN fields cron_fields GENERATED ALWAYS AS (cron_read(cron)) STORED;

CREATE FUNCTION time_zone_is_known(p_zone text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
  PERFORM now() AT TIME ZONE p_zone;
  RETURN true;
EXCEPTION WHEN invalid_parameter_value THEN
  RAISE WARNING 'time zone % is not known here', p_zone;
  RETURN false;
END $$;

-- What maintenance_spans() says of each of them, for all at once. A zone that is not known would be an error of the
-- whole: that it is, is made sure of before anything is asked by it, which is why `again` is MATERIALIZED.
-- The planner takes it for more work than it is: compiling it took a hundred times as long as doing it.
CREATE OR REPLACE FUNCTION maintenance_windows(p_from timestamptz, p_until timestamptz)
RETURNS TABLE (maintenance_id integer, organisation_id integer, starts_at timestamptz, ends_at timestamptz)
LANGUAGE sql STABLE SET jit = off AS $$
  WITH zones AS MATERIALIZED (
    SELECT zone FROM (SELECT DISTINCT time_zone AS zone FROM maintenance WHERE cron IS NOT NULL) AS named
     WHERE time_zone_is_known(zone)),
  again AS MATERIALIZED (
    SELECT m.id, m.organisation_id, (m.fields).*, zone, duration, p_from - duration AS since
      FROM maintenance m JOIN zones ON zone = m.time_zone, make_interval(secs => m.duration_ms / 1000.0) AS duration),
  last AS (
    SELECT id, again.organisation_id, zone, duration, since, clock, clock AT TIME ZONE zone AS at
      FROM again, generate_series(((since AT TIME ZONE zone)::date - 2)::timestamp,
                                  ((p_until AT TIME ZONE zone)::date + 1)::timestamp, '1 day') d,
           unnest(hours) h, unnest(minutes) m,
           LATERAL (SELECT d + make_interval(hours => h, mins => m) AS clock) AS shown
     WHERE extract(month FROM d)::integer = ANY (months)
       AND CASE WHEN either
             THEN extract(day FROM d)::integer = ANY (days) OR extract(dow FROM d)::integer = ANY (weekdays)
             ELSE extract(day FROM d)::integer = ANY (days) AND extract(dow FROM d)::integer = ANY (weekdays) END),
  both_times AS (
    SELECT id, last.organisation_id, since, duration, at FROM last
    UNION
    SELECT id, last.organisation_id, since, duration, first.at
      FROM last,
           LATERAL (SELECT last.at - interval '6 hours' AS at) AS before,
           LATERAL (SELECT (clock - (before.at AT TIME ZONE zone - before.at AT TIME ZONE 'UTC'))
                           AT TIME ZONE 'UTC' AS at) AS first
     WHERE first.at < last.at AND first.at AT TIME ZONE zone = clock),
  spans AS (
    SELECT id, both_times.organisation_id, unnest(range_agg(tstzrange(at, at + duration))) AS span
      FROM both_times WHERE at >= since AND at < p_until GROUP BY 1, 2)
  SELECT id, spans.organisation_id, lower(span), upper(span) FROM spans WHERE upper(span) > p_from
  UNION ALL
  SELECT id, m.organisation_id, m.starts_at, m.ends_at FROM maintenance m
   WHERE cron IS NULL AND m.ends_at > p_from AND m.starts_at < p_until
$$;
