-- oldest-program: 0.1.0
-- When websites are worked at, and which of them depend on which.

-- SQLSTATE DP003: refused; the text is a sentence for whoever asked.
CREATE FUNCTION refuse(p_why text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '%', p_why USING ERRCODE = 'DP003';
END $$;

-- Times of cron ------------------------------------------------------------------------------------

-- One field of five: the numbers it stands for, ascending. "*", "5", "1-5", "*/10", "8-18/2", and lists of these; names
-- (three letters) count from p_low on.
CREATE FUNCTION cron_field(p_text text, p_what text, p_low integer, p_high integer, p_names text[] DEFAULT '{}')
RETURNS integer[] LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  part text;
  m    text[];
  low  integer;
  high integer;
  step integer;
  set  integer[] := '{}';
BEGIN
  IF length(p_text) > 200 THEN
    PERFORM refuse(format('The %s of the cron expression has more than 200 characters.', p_what));
  END IF;
  FOREACH part IN ARRAY string_to_array(lower(p_text), ',') LOOP
    FOR i IN 1 .. cardinality(p_names) LOOP
      part := regexp_replace(part, '\m' || p_names[i] || '\M', (p_low + i - 1)::text, 'g');
    END LOOP;
    m := regexp_match(part, '^(?:\*|([0-9]{1,2})(?:-([0-9]{1,2}))?)(?:/([0-9]{1,2}))?$');
    IF m IS NULL OR (m[3] IS NOT NULL AND m[1] IS NOT NULL AND m[2] IS NULL) THEN
      PERFORM refuse(format('The %s of the cron expression is not understood: it is like *, 5, 1-5, */10 or 1,15.',
                            p_what));
    END IF;
    low := coalesce(m[1]::integer, p_low);
    high := coalesce(m[2]::integer, m[1]::integer, p_high);
    step := coalesce(m[3]::integer, 1);
    IF low < p_low OR high > p_high OR low > high OR step < 1 THEN
      PERFORM refuse(format('The %s of the cron expression has a number outside of %s to %s, or a range that falls.',
                            p_what, p_low, p_high));
    END IF;
    set := set || ARRAY(SELECT generate_series(low, high, step));
  END LOOP;
  IF set = '{}' THEN
    PERFORM refuse(format('The %s of the cron expression is empty.', p_what));
  END IF;
  RETURN ARRAY(SELECT DISTINCT n FROM unnest(set) n ORDER BY n);
END $$;

-- minute, hour, day of the month, month, day of the week (0 or 7 is Sunday). As cron does: when neither kind of day is
-- "*", a day of either kind is meant.
CREATE FUNCTION cron_parse(p_cron text, OUT minutes integer[], OUT hours integer[], OUT days integer[],
                           OUT months integer[], OUT weekdays integer[], OUT either boolean)
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  f text[];
BEGIN
  f := regexp_split_to_array(btrim(p_cron), '[ \t]+');
  IF length(p_cron) > 300 OR cardinality(f) <> 5 THEN
    PERFORM refuse('A cron expression is five fields and at most 300 characters: minute, hour, day of the month, month,'
                   ' day of the week.');
  END IF;
  minutes := cron_field(f[1], 'minute', 0, 59);
  hours := cron_field(f[2], 'hour', 0, 23);
  days := cron_field(f[3], 'day of the month', 1, 31);
  months := cron_field(f[4], 'month', 1, 12, '{jan,feb,mar,apr,may,jun,jul,aug,sep,oct,nov,dec}');
  weekdays := ARRAY(SELECT DISTINCT d % 7
                      FROM unnest(cron_field(f[5], 'day of the week', 0, 7, '{sun,mon,tue,wed,thu,fri,sat}')) d);
  either := left(f[3], 1) <> '*' AND left(f[5], 1) <> '*';
END $$;

-- The days of a calendar on which it happens.
CREATE FUNCTION cron_days(p_cron text, p_from date, p_until date) RETURNS SETOF date
LANGUAGE sql IMMUTABLE AS $$
  SELECT d::date
    FROM cron_parse(p_cron) c, generate_series(p_from::timestamp, p_until::timestamp, '1 day') d
   WHERE extract(month FROM d) = ANY (c.months)
     AND CASE WHEN c.either
           THEN extract(day FROM d) = ANY (c.days) OR extract(dow FROM d) = ANY (c.weekdays)
           ELSE extract(day FROM d) = ANY (c.days) AND extract(dow FROM d) = ANY (c.weekdays) END
$$;

-- When it happens, from p_from to p_until. A time that clocks skip is as much later as they skip (02:30 is 03:30); one
-- that they show twice is both times.
CREATE FUNCTION cron_times(p_cron text, p_zone text, p_from timestamptz, p_until timestamptz) RETURNS SETOF timestamptz
LANGUAGE sql STABLE AS $$
  WITH shown AS (
    SELECT d + make_interval(hours => h, mins => m) AS clock
      FROM cron_parse(p_cron) c,
           cron_days(p_cron, (p_from AT TIME ZONE p_zone)::date - 2, (p_until AT TIME ZONE p_zone)::date + 1) d,
           unnest(c.hours) h, unnest(c.minutes) m),
  last AS (SELECT clock, clock AT TIME ZONE p_zone AS at FROM shown),
  -- With the zone's offset of some hours before: another moment when clocks were set back in between.
  both_times AS (
    SELECT at FROM last
    UNION
    SELECT first.at
      FROM last,
           LATERAL (SELECT last.at - interval '6 hours' AS at) AS before,
           LATERAL (SELECT (last.clock - (before.at AT TIME ZONE p_zone - before.at AT TIME ZONE 'UTC'))
                           AT TIME ZONE 'UTC' AS at) AS first
     WHERE first.at < last.at AND first.at AT TIME ZONE p_zone = last.clock)
  SELECT at FROM both_times WHERE at >= p_from AND at < p_until
$$;

-- What is read of a cron expression, to be kept beside it.
CREATE TYPE cron_fields AS (minutes integer[], hours integer[], days integer[], months integer[], weekdays integer[],
                            either boolean);

-- As cron_parse() reads them. Its path is set, for whoever restores a dump has none.
CREATE FUNCTION cron_read(p_cron text) RETURNS cron_fields
LANGUAGE sql IMMUTABLE STRICT SET search_path = public, pg_temp AS $$
  SELECT ROW(c.minutes, c.hours, c.days, c.months, c.weekdays, c.either)::cron_fields FROM cron_parse(p_cron) c
$$;

-- Maintenance --------------------------------------------------------------------------------------

CREATE TABLE maintenance (
  id              integer     GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  public_id       uuid        NOT NULL UNIQUE,
  organisation_id integer     NOT NULL REFERENCES organisation,
  website_ids     integer[],                              -- NULL: all of the organisation's, those to come as well
  title           text        NOT NULL DEFAULT '',
  starts_at       timestamptz,                            -- once,
  ends_at         timestamptz,
  cron            text,                                   -- or again and again
  duration_ms     bigint,
  time_zone       text,
  fields          cron_fields GENERATED ALWAYS AS (cron_read(cron)) STORED, -- of cron, read once
  created_at      timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT maintenance_once_or_again CHECK (
    num_nulls(starts_at, ends_at) = 0 AND num_nonnulls(cron, duration_ms, time_zone) = 0
    OR num_nonnulls(starts_at, ends_at) = 0 AND num_nulls(cron, duration_ms, time_zone) = 0)
);
CREATE INDEX maintenance_by_organisation ON maintenance (organisation_id, public_id);

-- How many an organisation has is counted by one after the other; those long over are not kept.
CREATE FUNCTION maintenance_check() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('dpin.maintenance'));
  DELETE FROM maintenance WHERE organisation_id = NEW.organisation_id AND ends_at < now() - interval '30 days';
  IF (SELECT count(*) FROM maintenance
       WHERE organisation_id = NEW.organisation_id AND (ends_at IS NULL OR ends_at > now())) >= 100 THEN
    PERFORM refuse('An organisation has at most 100 maintenance windows.');
  END IF;
  IF length(NEW.title) > 200 OR NEW.title ~ '[[:cntrl:]]' THEN
    PERFORM refuse('A title is a line of at most 200 characters.');
  END IF;
  IF cardinality(NEW.website_ids) NOT BETWEEN 1 AND 100 THEN
    PERFORM refuse('A maintenance window is of 1 to 100 websites, or of all.');
  END IF;
  IF NEW.cron IS NULL THEN
    IF NOT isfinite(NEW.starts_at) OR NOT isfinite(NEW.ends_at) OR NEW.starts_at >= NEW.ends_at
       OR NEW.ends_at - NEW.starts_at > interval '366 days' THEN
      PERFORM refuse('A maintenance window ends after it begins, and within 366 days.');
    END IF;
    IF NEW.ends_at <= now() OR NEW.starts_at > now() + interval '3660 days' THEN
      PERFORM refuse('A maintenance window is not over yet, and begins within ten years.');
    END IF;
    RETURN NEW;
  END IF;
  IF NEW.duration_ms NOT BETWEEN 60000 AND 86400000 THEN
    PERFORM refuse('A maintenance window that comes again lasts a minute to a day.');
  END IF;
  IF NOT EXISTS (SELECT FROM pg_timezone_names WHERE name = NEW.time_zone) OR NEW.time_zone ~ '^(posix|localtime)' THEN
    PERFORM refuse('This time zone is not known: it is named like Europe/Berlin or UTC.');
  END IF;
  IF (SELECT cardinality(minutes) * cardinality(hours) FROM cron_parse(NEW.cron)) > 96 THEN
    PERFORM refuse('A maintenance window begins at most 96 times a day: pause the website instead.');
  END IF;
  -- every day of a calendar comes within eight years
  IF NOT EXISTS (SELECT FROM cron_days(NEW.cron, current_date, current_date + 2923)) THEN
    PERFORM refuse('No day is like this: the window would never come.');
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER maintenance_check BEFORE INSERT ON maintenance FOR EACH ROW EXECUTE FUNCTION maintenance_check();

CREATE FUNCTION maintenance_tell() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('dpin_maintenance', '');
  RETURN NULL;
END $$;
CREATE TRIGGER maintenance_tell AFTER INSERT OR UPDATE OR DELETE ON maintenance
  FOR EACH STATEMENT EXECUTE FUNCTION maintenance_tell();

-- When one of them is on, of what is not over at p_from and begins before p_until; what touches is one. A time zone
-- that this server does not know (any more) has no windows.
CREATE FUNCTION maintenance_spans(p_it maintenance, p_from timestamptz, p_until timestamptz)
RETURNS SETOF tstzrange LANGUAGE plpgsql STABLE AS $$
DECLARE
  duration interval := make_interval(secs => p_it.duration_ms / 1000.0);
BEGIN
  IF p_it.cron IS NULL THEN
    IF p_it.ends_at > p_from AND p_it.starts_at < p_until THEN
      RETURN NEXT tstzrange(p_it.starts_at, p_it.ends_at);
    END IF;
    RETURN;
  END IF;
  RETURN QUERY
    SELECT span FROM (
      SELECT unnest(range_agg(tstzrange(at, at + duration))) AS span
        FROM cron_times(p_it.cron, p_it.time_zone, p_from - duration, p_until) at) AS spans
     WHERE upper(span) > p_from;
EXCEPTION WHEN invalid_parameter_value THEN
  RAISE WARNING 'time zone % is not known here', p_it.time_zone;
END $$;

CREATE FUNCTION time_zone_is_known(p_zone text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
  PERFORM now() AT TIME ZONE p_zone;
  RETURN true;
EXCEPTION WHEN invalid_parameter_value THEN
  RAISE WARNING 'time zone % is not known here', p_zone;
  RETURN false;
END $$;

-- What maintenance_spans() says of each of them, for all windows in one pass. A zone that is not known would be an
-- error of the whole: that it is, is made sure of before anything is asked by it, which is why `again` is MATERIALIZED.
-- The planner takes it for more work than it is: compiling it took a hundred times as long as doing it.
CREATE FUNCTION maintenance_windows(p_from timestamptz, p_until timestamptz)
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

-- The next times it is on, at most p_count, soonest first; ends_at NULL: no end is in sight. Few days are looked at, as
-- many as it takes when windows of a day do not touch.
CREATE FUNCTION maintenance_next(p_it maintenance, p_now timestamptz, p_count integer)
RETURNS TABLE (starts_at timestamptz, ends_at timestamptz) LANGUAGE plpgsql STABLE AS $$
DECLARE
  horizon timestamptz := 'infinity';
BEGIN
  IF p_it.cron IS NOT NULL THEN
    SELECT max(d) + interval '3 days' INTO horizon
      FROM cron_parse(p_it.cron) c, LATERAL (
        SELECT d FROM cron_days(p_it.cron, p_now::date - 2, p_now::date + 2923) d
         ORDER BY d LIMIT 3 + p_count / (cardinality(c.minutes) * cardinality(c.hours))) AS days;
  END IF;
  RETURN QUERY
    SELECT lower(span), CASE WHEN p_it.cron IS NULL OR upper(span) < horizon THEN upper(span) END
      FROM maintenance_spans(p_it, p_now, horizon) span ORDER BY span LIMIT p_count;
END $$;

-- A moment as people write it, with its time zone.
CREATE FUNCTION maintenance_moment(p_text text) RETURNS timestamptz LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF p_text !~* ('^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?'
                 || '(Z|[+-][0-9]{2}:[0-9]{2})$') THEN
    PERFORM refuse('A moment is written like 2026-11-29T02:00:00Z or 2026-11-29T03:00:00+01:00.');
  END IF;
  RETURN p_text::timestamptz;
EXCEPTION WHEN data_exception THEN
  PERFORM refuse('There is no such moment.');
END $$;

-- p_organisation 0: that of the websites, or the only one there is. p_websites NULL: all.
CREATE FUNCTION maintenance_add(p_organisation integer, p_public_id uuid, p_title text, p_websites uuid[], p_from text,
                                p_until text, p_cron text, p_duration_ms bigint, p_zone text, p_actor text)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  owners integer[];
  ids    integer[];
BEGIN
  IF p_websites IS NULL THEN
    owners := ARRAY(SELECT id FROM organisation WHERE p_organisation = 0 OR id = p_organisation LIMIT 2);
  ELSE
    SELECT array_agg(DISTINCT id), array_agg(DISTINCT organisation_id) INTO ids, owners
      FROM website WHERE public_id = ANY (p_websites) AND removed_at IS NULL
       AND (p_organisation = 0 OR organisation_id = p_organisation);
    IF coalesce(cardinality(ids), 0) <> (SELECT count(DISTINCT id) FROM unnest(p_websites) id) THEN
      PERFORM refuse('One of these websites does not exist.');
    END IF;
  END IF;
  IF coalesce(cardinality(owners), 0) <> 1 THEN
    PERFORM refuse('The websites of a maintenance window are of one organisation, and at least one.');
  END IF;
  IF NOT (num_nulls(p_from, p_until) = 0 AND num_nonnulls(p_cron, p_duration_ms, p_zone) = 0
          OR num_nonnulls(p_from, p_until) = 0 AND num_nulls(p_cron, p_duration_ms, p_zone) = 0) THEN
    PERFORM refuse('A maintenance window has a beginning and an end, or else a cron expression, a duration and a time'
                   ' zone.');
  END IF;
  INSERT INTO maintenance (public_id, organisation_id, website_ids, title, starts_at, ends_at, cron, duration_ms,
                           time_zone)
  VALUES (p_public_id, owners[1], ids, p_title, maintenance_moment(p_from), maintenance_moment(p_until), p_cron,
          p_duration_ms, p_zone);
  INSERT INTO audit_log (actor, organisation_id, action, object)
  VALUES (p_actor, owners[1], 'maintenance.add', p_public_id::text);
END $$;

-- Parents ------------------------------------------------------------------------------------------

-- What a website depends on: of the same organisation, not itself by any way, and no more than eight in a row. Whoever
-- changes a website holds the lock of website_touch(), which comes first by its name: two that together would close a
-- circle take turns, and the second sees what the first did.
CREATE FUNCTION website_touch_parent() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  above  integer[];
  names  text[];
  height integer;
BEGIN
  IF NEW.parent_id IS NULL OR TG_OP = 'UPDATE' AND NEW.parent_id IS NOT DISTINCT FROM OLD.parent_id THEN
    RETURN NEW;
  END IF;
  IF NOT EXISTS (SELECT FROM website WHERE id = NEW.parent_id AND organisation_id = NEW.organisation_id
                    AND removed_at IS NULL) THEN
    PERFORM refuse('There is no such website to depend on.');
  END IF;
  WITH RECURSIVE up AS (
    SELECT id, parent_id, 1 AS depth, coalesce(nullif(name, ''), url) AS called FROM website WHERE id = NEW.parent_id
    UNION ALL
    SELECT w.id, w.parent_id, depth + 1, coalesce(nullif(w.name, ''), w.url)
      FROM up JOIN website w ON w.id = up.parent_id WHERE up.id <> NEW.id AND depth < 20)
  SELECT array_agg(id ORDER BY depth), array_agg(left(called, 20) ORDER BY depth) INTO above, names FROM up;
  IF NEW.id = ANY (above) THEN
    PERFORM refuse(left('These would depend on each other in a circle: '
                        || array_to_string(left(coalesce(nullif(NEW.name, ''), NEW.url), 20) || names, ' -> '), 250)
                   || '.');
  END IF;
  WITH RECURSIVE down AS (
    SELECT NEW.id AS id, 1 AS depth
    UNION ALL
    SELECT w.id, depth + 1 FROM down JOIN website w ON w.parent_id = down.id WHERE depth < 20)
  SELECT max(depth) INTO height FROM down;
  IF cardinality(above) + height > 8 THEN
    PERFORM refuse('At most eight websites depend on each other in a row.');
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER website_touch_parent BEFORE INSERT OR UPDATE OF parent_id ON website
  FOR EACH ROW EXECUTE FUNCTION website_touch_parent();

-- Who depended on one that is gone depends on nothing.
CREATE FUNCTION website_free_children() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE website SET parent_id = NULL WHERE parent_id = NEW.id;
  RETURN NULL;
END $$;
CREATE TRIGGER website_free_children AFTER UPDATE OF removed_at ON website
  FOR EACH ROW WHEN (OLD.removed_at IS NULL AND NEW.removed_at IS NOT NULL) EXECUTE FUNCTION website_free_children();

-- The incident of what the website depends on, nearest first, that was open as well. Alerts will ask: as long as that
-- is open, nobody is told of this one.
ALTER TABLE incident ADD COLUMN suppressed_by integer REFERENCES incident;

-- NULL: nothing that it depends on is down.
CREATE FUNCTION incident_above(p_website integer) RETURNS integer LANGUAGE plpgsql STABLE AS $$
DECLARE
  parent integer := (SELECT parent_id FROM website WHERE id = p_website);
  found  integer;
BEGIN
  FOR i IN 1 .. 8 LOOP
    EXIT WHEN parent IS NULL;
    found := (SELECT id FROM incident WHERE website_id = parent AND kind = 'down' AND severity = 'down'
                                        AND closed_at IS NULL);
    EXIT WHEN found IS NOT NULL;
    parent := (SELECT parent_id FROM website WHERE id = parent);
  END LOOP;
  RETURN found;
END $$;

CREATE FUNCTION incident_suppress() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.kind = 'down' THEN
    NEW.suppressed_by := incident_above(NEW.website_id);
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER incident_suppress BEFORE INSERT ON incident FOR EACH ROW EXECUTE FUNCTION incident_suppress();

-- Children that were seen down first, or before it was as bad as that.
CREATE FUNCTION incident_suppress_children() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM website WHERE parent_id = NEW.website_id) THEN
    RETURN NULL;
  END IF;
  WITH RECURSIVE down AS (
    SELECT id, 1 AS depth FROM website WHERE parent_id = NEW.website_id
    UNION ALL
    SELECT w.id, depth + 1 FROM down JOIN website w ON w.parent_id = down.id WHERE depth < 8)
  UPDATE incident i SET suppressed_by = NEW.id FROM down
   WHERE i.website_id = down.id AND i.kind = 'down' AND i.closed_at IS NULL
     AND (i.suppressed_by IS NULL OR EXISTS (SELECT FROM incident former
                                              WHERE former.id = i.suppressed_by AND former.closed_at IS NOT NULL));
  RETURN NULL;
END $$;
CREATE TRIGGER incident_suppress_children AFTER INSERT OR UPDATE OF severity ON incident
  FOR EACH ROW WHEN (NEW.kind = 'down' AND NEW.severity = 'down' AND NEW.closed_at IS NULL)
  EXECUTE FUNCTION incident_suppress_children();

DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'dpin-api') THEN
    GRANT SELECT, INSERT, DELETE ON maintenance TO "dpin-api";
    GRANT USAGE ON SEQUENCE maintenance_id_seq TO "dpin-api";
  END IF;
END $$;
