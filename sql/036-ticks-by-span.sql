-- Ticks are found by span first and then by website. With the website first each had pages of the index to itself, and
-- every tick changed one that nobody else needed: after six hours of history a tick took five times the WAL (1,160
-- bytes instead of 210) and a quarter of a page that was read, changed and written. Now all that are checked in five
-- minutes share the newest pages. Who looks for a website's ticks asks span by span.
CREATE INDEX website_tick_by_span ON website_tick (tick_span(started_at), website_id);
DROP INDEX website_tick_by_website;

-- Spans from that of p_from to the newest of which there are ticks: the hub's time may be ahead of the database's. Who
-- joins ticks to them says of a moment that is known before which partitions can be: that leaves most of them closed.
CREATE FUNCTION tick_spans_since(p_from timestamptz) RETURNS SETOF timestamptz LANGUAGE sql STABLE ROWS 20 AS $$
  SELECT g FROM generate_series(tick_span(p_from),
                                greatest(tick_span(now()),
                                         (SELECT tick_span(started_at) FROM website_tick
                                           WHERE tick_span(started_at) > tick_span(now())
                                             AND tick_span(started_at) < tick_span(now() + interval '1 day')
                                           ORDER BY tick_span(started_at) DESC LIMIT 1)), interval '5 minutes') AS g
$$;

-- At most p_look ticks of a website from the spans p_from to p_to, newest first.
CREATE FUNCTION website_ticks(p_website integer, p_from timestamptz, p_to timestamptz, p_look integer)
RETURNS SETOF website_tick LANGUAGE sql STABLE ROWS 50 AS $$
  SELECT t.* FROM generate_series(p_from, p_to, interval '5 minutes') AS s (span)
   CROSS JOIN LATERAL (SELECT * FROM website_tick w
                        WHERE tick_span(w.started_at) = s.span AND w.website_id = p_website
                          AND tick_span(w.started_at) BETWEEN p_from AND p_to OFFSET 0) AS t
   ORDER BY s.span DESC, t.started_at DESC LIMIT p_look
$$;

-- The newest p_look ticks of a website, newest first, of eight days. They are looked for in as many spans as they are
-- expected in, then in eight times as many before those, and so on, through the hours that are not closed; before that
-- in hours in which ticks were counted: one that was silent for long costs no more. (So what came after its hour was
-- closed is found when something of that hour had come in time.)
CREATE FUNCTION website_newest(p_website integer, p_look integer) RETURNS SETOF website_tick
LANGUAGE plpgsql STABLE ROWS 100 SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  oldest constant timestamptz := date_trunc('hour', now() - interval '8 days', 'UTC');
  closed constant timestamptz := greatest(oldest, (SELECT max(hour) + interval '1 hour' FROM closed_hour));
  after timestamptz := (SELECT max(g) + interval '5 minutes' FROM tick_spans_since(now()) AS g);
  since timestamptz; -- looked at is all from `after` on, and now from here
  width interval := (SELECT interval '5 minutes' * (2 + p_look * interval_ms::bigint / (seats * 300000))
                       FROM website WHERE id = p_website);
  rest  integer := p_look;
  n     integer;
BEGIN
  WHILE rest > 0 AND after > closed LOOP
    since := greatest(after - width, closed);
    RETURN QUERY SELECT * FROM website_ticks(p_website, since, after - interval '5 minutes', rest);
    GET DIAGNOSTICS n = ROW_COUNT;
    rest := rest - n;
    after := since;
    width := 8 * width;
  END LOOP;
  FOR since IN SELECT hour FROM rollup_hour
                WHERE website_id = p_website AND hour >= oldest AND hour < closed AND up + down + abstain > 0
                ORDER BY hour DESC
  LOOP
    EXIT WHEN rest <= 0;
    RETURN QUERY SELECT * FROM website_ticks(p_website, since, since + interval '55 minutes', rest);
    GET DIAGNOSTICS n = ROW_COUNT;
    rest := rest - n;
  END LOOP;
END $$;

-- As before.
CREATE OR REPLACE FUNCTION website_recent(p_website integer, p_look integer)
RETURNS TABLE (validator_id integer, started_at timestamptz, outcome smallint, status text, latency double precision,
               place bigint)
LANGUAGE sql STABLE AS $$
  SELECT t.validator_id, t.started_at, t.outcome, tick_status(t.outcome),
         tick_latency(t.outcome, t.dns_us, t.connect_us, t.tls_us, t.wait_us, t.transfer_us),
         count(*) FILTER (WHERE t.outcome <> 3) OVER (ORDER BY tick_span(t.started_at) DESC, t.started_at DESC)
    FROM website_newest(p_website, p_look) AS t
$$;

-- As before, span by span.
CREATE OR REPLACE FUNCTION website_forget(p_website integer, p_level text, p_from date, p_until date, p_most integer)
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
    EXECUTE format('DELETE FROM %s WHERE ctid = ANY (ARRAY(SELECT t.ctid'
                   ' FROM generate_series($3, $3 + interval ''23:55'', interval ''5 minutes'') AS s (span)'
                   ' CROSS JOIN LATERAL (SELECT ctid FROM %1$s'
                   ' WHERE tick_span(started_at) = s.span AND website_id = $1 OFFSET 0) AS t LIMIT $2))', part)
      USING p_website, p_most - n, to_date(right(part, 8), 'YYYYMMDD')::timestamp AT TIME ZONE 'UTC';
    GET DIAGNOSTICS deleted = ROW_COUNT;
    n := n + deleted;
    EXIT WHEN n >= p_most;
  END LOOP;
  RETURN n;
END $$;

-- As before, span by span: with a range of spans each verdict's look would be through all websites' entries of an hour.
CREATE OR REPLACE FUNCTION ledger_hour_close(p_hour timestamptz, p_lamports bigint) RETURNS void LANGUAGE sql AS $$
  WITH verdicts AS MATERIALIZED (
    SELECT website_id, state, started_at, coalesce(ended_at, 'infinity') AS ended_at FROM verdict_span
     WHERE coalesce(ended_at, 'infinity') > p_hour)
  INSERT INTO ledger_entry (kind, validator_id, hour, ticks, debit, credit, amount)
  SELECT 'reward', validator_id, p_hour, count(*), 'rewards', 'validator', count(*) * p_lamports
    FROM (
      SELECT DISTINCT t.validator_id, t.order_id, (t.kind = 's') AS scheduled, t.number
        FROM verdicts s
        JOIN generate_series(tick_span(p_hour), tick_span(p_hour + interval '1 hour'), interval '5 minutes') AS g (span)
          ON s.ended_at > g.span
        CROSS JOIN LATERAL (SELECT * FROM website_tick w
                             WHERE tick_span(w.started_at) = g.span AND w.website_id = s.website_id AND NOT w.late
                               AND tick_span(w.started_at) >= tick_span(p_hour)
                               AND tick_span(w.started_at) <= tick_span(p_hour + interval '1 hour') OFFSET 0) AS t
        JOIN work_order o ON o.id = t.order_id AND o.validator_id = t.validator_id
         AND s.started_at <= t.started_at + (o.interval_ms + o.timeout_ms) * interval '1 millisecond'
       WHERE t.started_at >= p_hour AND t.started_at < p_hour + interval '1 hour' AND s.ended_at > t.started_at
         AND (s.state IN ('PARTIAL', 'UNKNOWN', 'MAINTENANCE')
              OR (t.outcome = 1 AND s.state IN ('UP', 'DEGRADED')) OR (t.outcome = 2 AND s.state = 'DOWN'))) AS paid
   GROUP BY validator_id
  HAVING p_lamports > 0
  ON CONFLICT DO NOTHING
$$;
