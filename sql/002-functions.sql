-- What a transaction expects, partitions, views, rollups and rewards.
-- SQLSTATE DP001: an expectation failed, nothing took effect.

-- Numbers a writer's commit; fails unless this is the next one, so that two writers can never both go on.
CREATE FUNCTION commit_advance(p_commit_no bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  UPDATE hub_state SET commit_no = p_commit_no, heartbeat_at = now() WHERE commit_no = p_commit_no - 1;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'commit % is not the next one', p_commit_no USING ERRCODE = 'DP001';
  END IF;
  PERFORM pg_notify('dpin_commit', p_commit_no::text);
END $$;

-- The network key is set once and then only confirmed.
CREATE FUNCTION network_key_put(p_key bytea) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  UPDATE hub_state SET network_key = p_key WHERE network_key IS NULL OR network_key = p_key;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'the database belongs to another network key' USING ERRCODE = 'DP001';
  END IF;
END $$;

-- Moves a stream from sequence p_from to p_to (p_to = p_from + 1 for a batch, more for a gap or a receipt).
CREATE FUNCTION stream_advance(p_validator integer, p_incarnation bigint, p_from bigint, p_to bigint,
                               p_hash bytea, p_resealed boolean) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF p_from = 0 THEN
    INSERT INTO validator_stream (validator_id, incarnation, last_seq, last_hash, resealed)
      VALUES (p_validator, p_incarnation, p_to, p_hash, p_resealed) ON CONFLICT DO NOTHING;
  ELSE
    UPDATE validator_stream SET last_seq = p_to, last_hash = p_hash, updated_at = now()
      WHERE validator_id = p_validator AND incarnation = p_incarnation AND last_seq = p_from;
  END IF;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'stream %/% is not at %', p_validator, p_incarnation, p_from USING ERRCODE = 'DP001';
  END IF;
END $$;

-- Daily partitions of one table from p_first to p_last; those that exist stay.
-- As the schema's owner, so that every partition has the owner of its table.
CREATE FUNCTION partition_ensure(p_table text, p_first date, p_last date) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  d date;
  made integer := 0;
BEGIN
  FOR d IN SELECT generate_series(p_first, p_last, interval '1 day')::date LOOP
    IF to_regclass(format('%I', p_table || to_char(d, '_YYYYMMDD'))) IS NULL THEN
      EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)',
                     p_table || to_char(d, '_YYYYMMDD'), p_table, d::timestamp AT TIME ZONE 'UTC',
                     (d + 1)::timestamp AT TIME ZONE 'UTC');
      made := made + 1;
    END IF;
  END LOOP;
  RETURN made;
END $$;

-- Drops the daily partitions of one table that end before p_before. Returns how many.
-- Readers keep it waiting for two seconds at most; it is tried again later.
CREATE FUNCTION partition_drop(p_table text, p_before date) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
  name text;
  dropped integer := 0;
BEGIN
  FOR name IN
    SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
     WHERE i.inhparent = p_table::regclass AND to_date(right(c.relname, 8), 'YYYYMMDD') < p_before
  LOOP
    EXECUTE format('DROP TABLE %I', name);
    dropped := dropped + 1;
  END LOOP;
  RETURN dropped;
END $$;

-- Partitions from two days ago to three ahead; drops ticks and batches older than p_days_raw (never before their
-- hours are closed), rollups by hour older than p_days_hour. Returns how many partitions came and went.
CREATE FUNCTION partitions_keep(p_now timestamptz, p_days_raw integer, p_days_hour integer) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
  today  date := (p_now AT TIME ZONE 'UTC')::date;
  closed date := coalesce((SELECT (max(hour) AT TIME ZONE 'UTC')::date FROM closed_hour), '-infinity');
  name   text;
  n      integer := 0;
BEGIN
  FOREACH name IN ARRAY '{website_tick,tick_batch}'::text[] LOOP
    n := n + partition_ensure(name, today - 2, today + 3) + partition_drop(name, least(today - p_days_raw, closed));
  END LOOP;
  DELETE FROM rollup_hour WHERE hour < p_now - p_days_hour * interval '1 day';
  DELETE FROM rollup_validator_hour WHERE hour < p_now - p_days_hour * interval '1 day';
  DELETE FROM validator_hour WHERE hour < p_now - interval '2 days';
  RETURN n;
END $$;

-- Times for programs (µs since 1970) and for people (RFC 3339).
CREATE FUNCTION usec(timestamptz) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
  SELECT (extract(epoch FROM $1) * 1000000)::bigint
$$;
CREATE FUNCTION rfc3339(timestamptz) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT to_char($1 AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
$$;

-- A validator's key as people and programs write it: base64url without padding.
CREATE FUNCTION key_text(bytea) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT translate(encode($1, 'base64'), E'+/=\n', '-_')
$$;

-- What people see of an outcome (never of an abstention), and how long it took in ms; only an answer has a latency.
CREATE FUNCTION tick_status(p_outcome smallint) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE p_outcome WHEN 1 THEN 'Good' WHEN 2 THEN 'Bad' END
$$;
CREATE FUNCTION tick_latency(p_outcome smallint, p_dns integer, p_connect integer, p_tls integer, p_wait integer,
                             p_transfer integer) RETURNS double precision LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE p_outcome
         WHEN 1 THEN (p_dns::bigint + p_connect + p_tls + p_wait + p_transfer) / 1000.0::double precision END
$$;

-- The newest p_look ticks of a website; place numbers those that people see (abstentions are not), newest first.
CREATE FUNCTION website_recent(p_website integer, p_look integer)
RETURNS TABLE (validator_id integer, started_at timestamptz, outcome smallint, status text, latency double precision,
               place bigint)
LANGUAGE sql STABLE AS $$
  SELECT t.validator_id, t.started_at, t.outcome, tick_status(t.outcome),
         tick_latency(t.outcome, t.dns_us, t.connect_us, t.tls_us, t.wait_us, t.transfer_us),
         count(*) FILTER (WHERE t.outcome <> 3) OVER (ORDER BY t.started_at DESC)
    FROM (SELECT * FROM website_tick w WHERE w.website_id = p_website
             AND w.started_at > now() - interval '8 days' AND w.started_at < now() + interval '1 day'
           ORDER BY w.started_at DESC LIMIT p_look) AS t
$$;

-- The state of a website by its open span, or of one that has none yet.
CREATE FUNCTION website_state(p_span text, p_paused boolean) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce(p_span, CASE WHEN p_paused THEN 'PAUSED' ELSE 'UNKNOWN' END)
$$;

-- How long a vote counts from its start: T + 2 timeout + L, where L is max(5 s, min(T/4, 60 s)).
CREATE FUNCTION vote_freshness(p_interval_ms integer, p_timeout_ms integer) RETURNS interval
LANGUAGE sql IMMUTABLE AS $$
  SELECT (p_interval_ms + 2 * p_timeout_ms + greatest(5000, least(p_interval_ms / 4, 60000))) * interval '1 millisecond'
$$;

-- Microseconds that a website spent in spans of some states within [p_from, p_to).
CREATE FUNCTION span_us(p_website integer, p_from timestamptz, p_to timestamptz, p_states text[]) RETURNS bigint
LANGUAGE sql STABLE AS $$
  SELECT coalesce(sum(usec(least(coalesce(ended_at, p_to), p_to)) - usec(greatest(started_at, p_from))), 0)::bigint
    FROM verdict_span
   WHERE website_id = p_website AND started_at < p_to AND coalesce(ended_at, 'infinity') > p_from
     AND state = ANY (p_states)
$$;

-- Bucket of a total time in the histograms of rollups; bounds of bucket i in ms: 1.1^i to 1.1^(i+1).
CREATE FUNCTION histogram_bucket(p_us bigint) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
  SELECT least(119, greatest(0, floor(ln(greatest(p_us, 1000) / 1000.0) / ln(1.1))))::integer
$$;

-- The upper bound, in ms, of the bucket under which a share p of all counts lies. NULL: no counts.
CREATE FUNCTION histogram_quantile(p_histogram integer[], p double precision) RETURNS double precision
LANGUAGE sql IMMUTABLE AS $$
  SELECT min(power(1.1::double precision, i)) FROM (
    SELECT i, sum(v) OVER (ORDER BY i) AS below, sum(v) OVER () AS total
      FROM unnest(p_histogram) WITH ORDINALITY AS u (v, i)) AS s
   WHERE total > 0 AND below >= p * total
$$;

-- Element by element, for merging histograms.
CREATE FUNCTION array_add(integer[], integer[]) RETURNS integer[] LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN $1 IS NULL THEN $2 WHEN $2 IS NULL THEN $1
         ELSE ARRAY(SELECT coalesce(a, 0) + coalesce(b, 0)
                      FROM unnest($1, $2) WITH ORDINALITY AS u (a, b, i) ORDER BY i) END
$$;
CREATE AGGREGATE array_sum (integer[]) (SFUNC = array_add, STYPE = integer[]);

-- Counts by error class, merged.
CREATE FUNCTION classes_add(jsonb, jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce(jsonb_object_agg(key, n), '{}') FROM (
    SELECT key, sum(value::bigint) AS n
      FROM (SELECT * FROM jsonb_each_text(coalesce($1, '{}'))
            UNION ALL SELECT * FROM jsonb_each_text(coalesce($2, '{}'))) AS u
     GROUP BY key) AS s
$$;
CREATE AGGREGATE classes_sum (jsonb) (SFUNC = classes_add, STYPE = jsonb);

-- Rolls one closed hour up, for every website with ticks or spans in it. Running it again gives the same rows.
CREATE FUNCTION rollup_hour_close(p_hour timestamptz) RETURNS void LANGUAGE sql AS $$
  WITH raw AS MATERIALIZED (
    SELECT website_id, outcome, error_class, dns_us, connect_us, tls_us, wait_us, transfer_us,
           dns_us::bigint + connect_us + tls_us + wait_us + transfer_us AS total_us, (outcome = 1)::integer AS ok
      FROM website_tick WHERE started_at >= p_hour AND started_at < p_hour + interval '1 hour'),
  ticks AS (
    SELECT website_id,
           count(*) FILTER (WHERE outcome = 1) AS up,
           count(*) FILTER (WHERE outcome = 2) AS down,
           count(*) FILTER (WHERE outcome = 3) AS abstain,
           ARRAY[sum(ok * dns_us), sum(ok * connect_us), sum(ok * tls_us), sum(ok * wait_us),
                 sum(ok * transfer_us)] AS phase_sum,
           ARRAY[max(ok * dns_us), max(ok * connect_us), max(ok * tls_us), max(ok * wait_us),
                 max(ok * transfer_us)] AS phase_max
      FROM raw GROUP BY website_id),
  classes AS (
    SELECT website_id, jsonb_object_agg(error_class, n) AS classes FROM (
      SELECT website_id, error_class, count(*) AS n FROM raw WHERE error_class <> 0 GROUP BY 1, 2) AS c
     GROUP BY website_id),
  buckets AS (
    SELECT website_id, histogram_bucket(total_us) AS bucket, count(*)::integer AS n
      FROM raw WHERE outcome = 1 GROUP BY 1, 2),
  histograms AS (
    SELECT w.website_id, array_agg(coalesce(x.n, 0) ORDER BY i) AS histogram
      FROM (SELECT DISTINCT website_id FROM buckets) AS w CROSS JOIN generate_series(0, 119) AS i
      LEFT JOIN buckets x ON x.website_id = w.website_id AND x.bucket = i GROUP BY w.website_id),
  spans AS (SELECT DISTINCT website_id FROM verdict_span
             WHERE started_at < p_hour + interval '1 hour' AND coalesce(ended_at, 'infinity') > p_hour),
  touched AS (SELECT website_id FROM ticks UNION SELECT website_id FROM spans),
  times AS (SELECT website_id, span_us(website_id, p_hour, p_hour + interval '1 hour', '{UP,DEGRADED}') AS up_us,
                   span_us(website_id, p_hour, p_hour + interval '1 hour', '{DOWN,PARTIAL}') AS down_us
              FROM touched)
  INSERT INTO rollup_hour
  SELECT website_id, p_hour, coalesce(up, 0), coalesce(down, 0), coalesce(abstain, 0), coalesce(classes, '{}'),
         coalesce(histogram, array_fill(0, ARRAY[120])), coalesce(phase_sum, '{0,0,0,0,0}'),
         coalesce(phase_max, '{0,0,0,0,0}'), up_us, down_us, 3600000000 - up_us - down_us
    FROM times LEFT JOIN ticks USING (website_id) LEFT JOIN classes USING (website_id)
    LEFT JOIN histograms USING (website_id)
  ON CONFLICT (website_id, hour) DO UPDATE
    SET (up, down, abstain, classes, histogram, phase_sum_us, phase_max_us, up_us, down_us, other_us) =
    (excluded.up, excluded.down, excluded.abstain, excluded.classes, excluded.histogram, excluded.phase_sum_us,
     excluded.phase_max_us, excluded.up_us, excluded.down_us, excluded.other_us);

  INSERT INTO rollup_validator_hour
  SELECT website_id, p_hour, validator_id, count(*), sum(dns_us::bigint + connect_us + tls_us + wait_us + transfer_us)
    FROM website_tick WHERE started_at >= p_hour AND started_at < p_hour + interval '1 hour' AND outcome = 1
   GROUP BY website_id, validator_id
  ON CONFLICT (website_id, hour, validator_id) DO UPDATE SET up = excluded.up, total_us = excluded.total_us
$$;

-- Sums a day of rolled hours (UTC). Running it again gives the same rows.
CREATE FUNCTION rollup_day_close(p_day date) RETURNS void LANGUAGE sql AS $$
  INSERT INTO rollup_day
  SELECT website_id, p_day, sum(up), sum(down), sum(abstain), classes_sum(classes), array_sum(histogram),
         ARRAY(SELECT sum(s) FROM rollup_hour r2, unnest(r2.phase_sum_us) WITH ORDINALITY AS u (s, i)
                WHERE r2.website_id = r.website_id AND r2.hour >= p_day::timestamp AT TIME ZONE 'UTC'
                  AND r2.hour < (p_day + 1)::timestamp AT TIME ZONE 'UTC' GROUP BY i ORDER BY i),
         ARRAY(SELECT max(s) FROM rollup_hour r2, unnest(r2.phase_max_us) WITH ORDINALITY AS u (s, i)
                WHERE r2.website_id = r.website_id AND r2.hour >= p_day::timestamp AT TIME ZONE 'UTC'
                  AND r2.hour < (p_day + 1)::timestamp AT TIME ZONE 'UTC' GROUP BY i ORDER BY i),
         sum(up_us), sum(down_us), sum(other_us)
    FROM rollup_hour r
   WHERE hour >= p_day::timestamp AT TIME ZONE 'UTC' AND hour < (p_day + 1)::timestamp AT TIME ZONE 'UTC'
   GROUP BY website_id
  ON CONFLICT (website_id, day) DO UPDATE
    SET (up, down, abstain, classes, histogram, phase_sum_us, phase_max_us, up_us, down_us, other_us) =
    (excluded.up, excluded.down, excluded.abstain, excluded.classes, excluded.histogram, excluded.phase_sum_us,
     excluded.phase_max_us, excluded.up_us, excluded.down_us, excluded.other_us)
$$;

-- Pays one closed hour, once per validator: p_lamports for every distinct ordered tick that arrived in time and agrees
-- with the verdict at its start or at any moment until start + interval + timeout; in PARTIAL, UNKNOWN and MAINTENANCE
-- every one.
CREATE FUNCTION ledger_hour_close(p_hour timestamptz, p_lamports bigint) RETURNS void LANGUAGE sql AS $$
  INSERT INTO ledger_entry (kind, validator_id, hour, ticks, debit, credit, amount)
  SELECT 'reward', validator_id, p_hour, count(*), 'rewards', 'validator', count(*) * p_lamports
    FROM (
      SELECT DISTINCT t.validator_id, t.order_id, (t.kind = 0) AS scheduled, t.number
        FROM website_tick t
        JOIN work_order o ON o.id = t.order_id AND o.validator_id = t.validator_id
        JOIN verdict_span s ON s.website_id = t.website_id
         AND s.started_at <= t.started_at + (o.interval_ms + o.timeout_ms) * interval '1 millisecond'
         AND coalesce(s.ended_at, 'infinity') > t.started_at
       WHERE t.started_at >= p_hour AND t.started_at < p_hour + interval '1 hour' AND NOT t.late
         AND (s.state IN ('PARTIAL', 'UNKNOWN', 'MAINTENANCE')
              OR (t.outcome = 1 AND s.state IN ('UP', 'DEGRADED')) OR (t.outcome = 2 AND s.state = 'DOWN'))) AS paid
   GROUP BY validator_id
  HAVING p_lamports > 0
  ON CONFLICT DO NOTHING
$$;

-- Closes the hours whose lateness has passed and that are not closed yet, oldest first, p_most at most. How many.
CREATE FUNCTION hours_close(p_now timestamptz, p_lateness interval, p_lamports bigint, p_most integer) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
  h timestamptz;
  done integer := 0;
BEGIN
  FOR h IN
    SELECT g FROM generate_series(
             coalesce((SELECT max(hour) + interval '1 hour' FROM closed_hour),
                      (SELECT date_trunc('hour', min(started_at), 'UTC') FROM verdict_span)),
             date_trunc('hour', p_now - p_lateness, 'UTC') - interval '1 hour', interval '1 hour') AS g
     ORDER BY g LIMIT p_most
  LOOP
    PERFORM rollup_hour_close(h);
    PERFORM ledger_hour_close(h, p_lamports);
    IF extract(hour FROM h AT TIME ZONE 'UTC') = 23 THEN
      PERFORM rollup_day_close((h AT TIME ZONE 'UTC')::date);
    END IF;
    INSERT INTO closed_hour (hour) VALUES (h);
    done := done + 1;
  END LOOP;
  RETURN done;
END $$;

-- Uptime of a website over the last p_window, 0..1: time UP or DEGRADED over time with a verdict. Closed hours come
-- from rollups, from the first full one within the window; the rest comes from spans. NULL: no verdict in that time.
CREATE FUNCTION website_uptime(p_website integer, p_now timestamptz, p_window interval) RETURNS double precision
LANGUAGE sql STABLE AS $$
  WITH cut AS (
    SELECT p_now - p_window AS a,
           date_trunc('hour', p_now - p_window, 'UTC') + interval '1 hour' AS first_hour,
           greatest((SELECT max(hour) + interval '1 hour' FROM closed_hour), p_now - p_window) AS b),
  rolled AS (
    SELECT coalesce(sum(up_us), 0) AS up, coalesce(sum(down_us), 0) AS down
      FROM rollup_hour, cut WHERE website_id = p_website AND hour >= first_hour AND hour < b),
  live AS (
    SELECT span_us(p_website, coalesce(b, a), p_now, '{UP,DEGRADED}') AS up,
           span_us(p_website, coalesce(b, a), p_now, '{DOWN,PARTIAL}') AS down
      FROM cut)
  SELECT (rolled.up + live.up)::double precision / nullif(rolled.up + live.up + rolled.down + live.down, 0)
    FROM rolled, live
$$;

-- A validator's whole balance becomes one payout request; an open request is returned again. No row: nothing is owed.
CREATE FUNCTION payout_request(p_validator integer, p_id uuid, p_actor text) RETURNS SETOF payout
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  owed bigint;
BEGIN
  PERFORM 1 FROM validator WHERE id = p_validator FOR UPDATE;
  RETURN QUERY SELECT * FROM payout WHERE validator_id = p_validator AND status <> 'settled';
  IF FOUND THEN
    RETURN;
  END IF;
  SELECT lamports INTO owed FROM validator_balance WHERE validator_id = p_validator;
  IF coalesce(owed, 0) <= 0 THEN
    RETURN;
  END IF;
  INSERT INTO payout (id, validator_id, amount) VALUES (p_id, p_validator, owed);
  INSERT INTO ledger_entry (kind, validator_id, payout_id, debit, credit, amount)
    VALUES ('payout', p_validator, p_id, 'validator', 'payouts', owed);
  INSERT INTO audit_log (actor, action, object, detail)
    SELECT p_actor, 'payout.request', p_id::text, jsonb_build_object('validator', key_text(key), 'lamports', owed)
      FROM validator WHERE id = p_validator;
  RETURN QUERY SELECT * FROM payout WHERE id = p_id;
END $$;
