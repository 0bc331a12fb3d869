-- Ticks of a website and a span of five minutes share rows, pages of up to 36 ticks: what it took to write a row of its
-- own for each was five times what its bytes take. The hub keeps the ticks it has acknowledged for half a minute, so
-- that they come to a page together; until then they are in their batches, from where the next hub writes the pages
-- that this one did not.
--
-- A tick is 52 bytes, big-endian: 0 started_at, µs since the span began | 4 order_id | 12 batch_id | 20 validator_id |
-- 24 number | 28 phases, 5 of 4 bytes (dns, connect, tls, wait, transfer), µs | 48 status, 2 bytes | 50 error_class |
-- 51 outcome + 4 * kind (of 'scmr') + 16 when late. They are a bit string, of which PostgreSQL makes numbers at once.

-- A website's ticks of one span, in the order in which they came; there may be several pages. Up to 36 stay within the
-- 2,032 bytes above which PostgreSQL keeps a value beside its row.
CREATE TABLE tick_page (
  span       timestamptz NOT NULL,                          -- tick_span() of all of them
  website_id integer     NOT NULL,
  ticks      bit varying NOT NULL CHECK (length(ticks) % 416 = 0 AND length(ticks) >= 416 AND length(ticks) <= 14976)
) PARTITION BY RANGE (span);
ALTER TABLE tick_page ALTER ticks SET STORAGE EXTERNAL;     -- numbers are looked up in it: not compressed
CREATE INDEX tick_page_by_span ON tick_page (span, website_id);

-- Ticks that came before this moment of the hub's clock are on pages, NULL: all that ever came.
ALTER TABLE hub_state ADD paged_at timestamptz;
-- Ticks up to this commit are on pages, ...
ALTER TABLE hub_state ADD paged_no bigint NOT NULL DEFAULT 0;
UPDATE hub_state SET paged_no = commit_no;

-- ... and with each of these commits those of these pages: place by place a website and a span.
CREATE TABLE tick_paged (
  commit_no bigint        NOT NULL PRIMARY KEY,
  websites  integer[]     NOT NULL,
  spans     timestamptz[] NOT NULL
);

-- With the pages that a hub before this one did not write, those of the commits after p_paged_no, up to its last one:
-- two that recover at the same time do not write them twice.
CREATE FUNCTION pages_settle(p_paged_no bigint, p_commit_no bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  UPDATE hub_state SET paged_no = p_commit_no WHERE commit_no = p_commit_no AND paged_no = p_paged_no;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'another hub wrote pages after commit %, or went on from commit %', p_paged_no, p_commit_no
      USING ERRCODE = 'DP001';
  END IF;
  DELETE FROM tick_paged;
END $$;

-- One tick as it is on a page.
CREATE FUNCTION tick_bits(p_started_at timestamptz, p_order_id bigint, p_batch_id bigint, p_validator_id integer,
                          p_number integer, p_dns integer, p_connect integer, p_tls integer, p_wait integer,
                          p_transfer integer, p_status integer, p_outcome integer, p_error_class integer,
                          p_kind "char", p_late boolean)
RETURNS bit varying LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT (extract(epoch FROM p_started_at - tick_span(p_started_at)) * 1000000)::integer::bit(32)
         || p_order_id::bit(64) || p_batch_id::bit(64) || p_validator_id::bit(32) || p_number::bit(32) || p_dns::bit(32)
         || p_connect::bit(32) || p_tls::bit(32) || p_wait::bit(32) || p_transfer::bit(32) || p_status::bit(16)
         || p_error_class::bit(8)
         || (p_outcome + 4 * (strpos('scmr', p_kind::text) - 1) + CASE WHEN p_late THEN 16 ELSE 0 END)::bit(8)
$$;

-- One after the other, for those who write pages by SQL; the hub does not.
CREATE AGGREGATE tick_join(bit varying) (SFUNC = bitcat, STYPE = bit varying);

SELECT partition_ensure('tick_page', day, day)
  FROM (SELECT DISTINCT to_date(right(c.relname, 8), 'YYYYMMDD') AS day
          FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
         WHERE i.inhparent = 'website_tick'::regclass AND c.relname ~ '_[0-9]{8}$') AS days;
INSERT INTO tick_page
  SELECT span, website_id, tick_join(bits ORDER BY n)
    FROM (SELECT tick_span(started_at) AS span, website_id,
                 row_number() OVER (PARTITION BY tick_span(started_at), website_id ORDER BY batch_id, started_at) AS n,
                 tick_bits(started_at, order_id, batch_id, validator_id, number, dns_us, connect_us, tls_us, wait_us,
                           transfer_us, status, outcome, error_class, kind, late) AS bits
            FROM website_tick) AS t
   GROUP BY span, website_id, (n - 1) / 36
   ORDER BY span, website_id;

DROP FUNCTION website_newest(integer, integer);
DROP FUNCTION website_ticks(integer, timestamptz, timestamptz, integer);
DROP TABLE website_tick;

-- Numbers of the tick that begins behind p_at bits of its page, from its byte p_byte on.
CREATE FUNCTION tick_int(p_ticks bit varying, p_at integer, p_byte integer) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT substring(p_ticks FROM p_at + (8 * p_byte + 1) FOR 32)::integer
$$;
CREATE FUNCTION tick_bigint(p_ticks bit varying, p_at integer, p_byte integer) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT substring(p_ticks FROM p_at + (8 * p_byte + 1) FOR 64)::bigint
$$;

-- A row for each tick of disposition accepted and late, as soon as it is on its page. Who looks for them says which
-- spans and websites: that finds the pages and skips partitions.
CREATE VIEW website_tick AS
  SELECT p.span + tick_int(p.ticks, at, 0) * interval '1 microsecond' AS started_at,
         tick_bigint(p.ticks, at, 4) AS order_id,
         tick_bigint(p.ticks, at, 12) AS batch_id,
         p.website_id,
         tick_int(p.ticks, at, 20) AS validator_id,
         tick_int(p.ticks, at, 24) AS number,                               -- slot or probe number
         tick_int(p.ticks, at, 28) AS dns_us,
         tick_int(p.ticks, at, 32) AS connect_us,
         tick_int(p.ticks, at, 36) AS tls_us,
         tick_int(p.ticks, at, 40) AS wait_us,
         tick_int(p.ticks, at, 44) AS transfer_us,
         (tick_int(p.ticks, at, 48) >> 16)::smallint AS status,             -- HTTP or DNS code, 0 none
         (tick_int(p.ticks, at, 48) & 3)::smallint AS outcome,              -- 1 up, 2 down, 3 abstain
         (tick_int(p.ticks, at, 48) >> 8 & 255)::smallint AS error_class,
         -- scheduled, confirm, manual, refresh
         substr('scmr', (tick_int(p.ticks, at, 48) >> 2 & 3) + 1, 1)::"char" AS kind,
         tick_int(p.ticks, at, 48) & 16 <> 0 AS late,                       -- arrived too late to vote
         p.span
    FROM tick_page p
   CROSS JOIN LATERAL unnest(('{0,416,832,1248,1664,2080,2496,2912,3328,3744,4160,4576,4992,5408,5824,6240,6656,
                               7072,7488,7904,8320,8736,9152,9568,9984,10400,10816,11232,11648,12064,12480,12896,
                               13312,13728,14144,14560}'::integer[])[:length(p.ticks) / 416]) AS at;

DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'dpin-api') THEN
    GRANT SELECT ON tick_page, website_tick TO "dpin-api";
  END IF;
END $$;

-- As before, from here on; pages are found where rows were.
CREATE OR REPLACE FUNCTION tick_spans_since(p_from timestamptz) RETURNS SETOF timestamptz LANGUAGE sql STABLE ROWS 20
AS $$
  SELECT g FROM generate_series(tick_span(p_from),
                                greatest(tick_span(now()),
                                         (SELECT span FROM tick_page
                                           WHERE span > tick_span(now())
                                             AND span < tick_span(now() + interval '1 day')
                                           ORDER BY span DESC LIMIT 1)), interval '5 minutes') AS g
$$;

-- Of a tick what a list of them shows: looking up all of its numbers would take twice as long.
CREATE FUNCTION website_ticks(p_website integer, p_from timestamptz, p_to timestamptz, p_look integer)
RETURNS TABLE (span timestamptz, started_at timestamptz, validator_id integer, outcome smallint,
               latency double precision)
LANGUAGE sql STABLE ROWS 50 AS $$
  SELECT t.* FROM generate_series(p_from, p_to, interval '5 minutes') AS s (span)
   CROSS JOIN LATERAL (SELECT w.span, w.started_at, w.validator_id, w.outcome,
                              tick_latency(w.outcome, w.dns_us, w.connect_us, w.tls_us, w.wait_us, w.transfer_us)
                         FROM website_tick w
                        WHERE w.span = s.span AND w.website_id = p_website
                          AND w.span BETWEEN p_from AND p_to OFFSET 0) AS t
   ORDER BY s.span DESC, t.started_at DESC LIMIT p_look
$$;

CREATE FUNCTION website_newest(p_website integer, p_look integer)
RETURNS TABLE (span timestamptz, started_at timestamptz, validator_id integer, outcome smallint,
               latency double precision)
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

CREATE OR REPLACE FUNCTION website_recent(p_website integer, p_look integer)
RETURNS TABLE (validator_id integer, started_at timestamptz, outcome smallint, status text, latency double precision,
               place bigint)
LANGUAGE sql STABLE AS $$
  SELECT t.validator_id, t.started_at, t.outcome, tick_status(t.outcome), t.latency,
         count(*) FILTER (WHERE t.outcome <> 3) OVER (ORDER BY t.span DESC, t.started_at DESC)
    FROM website_newest(p_website, p_look) AS t
$$;

-- As before; a page counts as a row.
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
     WHERE i.inhparent = 'tick_page'::regclass
       AND CASE WHEN c.relname ~ '_[0-9]{8}$'
           THEN daterange(p_from, p_until) @> to_date(right(c.relname, 8), 'YYYYMMDD') END
     ORDER BY c.relname
  LOOP
    EXECUTE format('DELETE FROM %s WHERE ctid = ANY (ARRAY(SELECT t.ctid'
                   ' FROM generate_series($3, $3 + interval ''23:55'', interval ''5 minutes'') AS s (span)'
                   ' CROSS JOIN LATERAL (SELECT ctid FROM %1$s'
                   ' WHERE span = s.span AND website_id = $1 OFFSET 0) AS t LIMIT $2))', part)
      USING p_website, p_most - n, to_date(right(part, 8), 'YYYYMMDD')::timestamp AT TIME ZONE 'UTC';
    GET DIAGNOSTICS deleted = ROW_COUNT;
    n := n + deleted;
    EXIT WHEN n >= p_most;
  END LOOP;
  RETURN n;
END $$;

-- As before. OFFSET: each number of a tick is looked up once.
CREATE OR REPLACE FUNCTION rollup_hour_close(p_hour timestamptz) RETURNS void LANGUAGE sql AS $$
  WITH raw AS MATERIALIZED (
    SELECT website_id, validator_id, outcome, error_class, dns_us, connect_us, tls_us, wait_us, transfer_us,
           dns_us::bigint + connect_us + tls_us + wait_us + transfer_us AS total_us, (outcome = 1)::integer AS ok,
           extract(minute FROM started_at - p_hour)::integer / 15 AS quarter
      FROM (SELECT * FROM website_tick WHERE span BETWEEN tick_span(p_hour) AND tick_span(p_hour + interval '1 hour')
             OFFSET 0) AS t
     WHERE started_at >= p_hour AND started_at < p_hour + interval '1 hour'),
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
  buckets AS MATERIALIZED (
    SELECT website_id, histogram_bucket(total_us) AS bucket, count(*)::integer AS n
      FROM raw WHERE outcome = 1 GROUP BY 1, 2),
  histograms AS (
    SELECT website_id, array_agg(ARRAY[bucket, n] ORDER BY bucket) AS histogram FROM buckets GROUP BY website_id),
  points AS (
    SELECT website_id, quarters_join(string_agg(sums, '') FILTER (WHERE quarter = 0),
                                     string_agg(sums, '') FILTER (WHERE quarter = 1),
                                     string_agg(sums, '') FILTER (WHERE quarter = 2),
                                     string_agg(sums, '') FILTER (WHERE quarter = 3),
                                     latency_sums(0, 0, 0, 0, 0, 0)) AS sums
      FROM (SELECT website_id, quarter, latency_sums(sum(ok), sum(ok * dns_us), sum(ok * connect_us), sum(ok * tls_us),
                                                     sum(ok * wait_us), sum(ok * transfer_us)) AS sums
              FROM raw GROUP BY 1, 2) AS x
     GROUP BY website_id),
  seen AS MATERIALIZED (
    SELECT website_id, validator_id, quarter, count(*) AS n, sum(total_us)::bigint AS us
      FROM raw WHERE outcome = 1 GROUP BY 1, 2, 3),
  validator_hours AS (
    INSERT INTO rollup_validator_hour
    SELECT website_id, p_hour, validator_id, sum(n), sum(us) FROM seen GROUP BY website_id, validator_id
    ON CONFLICT (website_id, hour, validator_id) DO UPDATE SET (up, total_us) = (excluded.up, excluded.total_us)),
  lines AS (
    SELECT website_id, array_agg(validator_id ORDER BY validator_id) AS validators,
           string_agg(sums, '' ORDER BY validator_id) AS sums
      FROM (SELECT website_id, validator_id,
                   int4send(validator_id) || quarters_join(string_agg(sums, '') FILTER (WHERE quarter = 0),
                                                           string_agg(sums, '') FILTER (WHERE quarter = 1),
                                                           string_agg(sums, '') FILTER (WHERE quarter = 2),
                                                           string_agg(sums, '') FILTER (WHERE quarter = 3),
                                                           latency_sums(0, 0)) AS sums
              FROM (SELECT *, latency_sums(n, us) AS sums FROM seen) AS x GROUP BY 1, 2) AS each
     GROUP BY website_id),
  times AS MATERIALIZED (
    SELECT website_id, coalesce(sum(lasted) FILTER (WHERE state IN ('UP', 'DEGRADED')), '0') AS up,
           coalesce(sum(lasted) FILTER (WHERE state IN ('DOWN', 'PARTIAL')), '0') AS down FROM (
      SELECT website_id, state, least(coalesce(ended_at, 'infinity'), p_hour + interval '1 hour')
                                - greatest(started_at, p_hour) AS lasted
        FROM verdict_span
       WHERE started_at < p_hour + interval '1 hour' AND coalesce(ended_at, 'infinity') > p_hour) AS s
     GROUP BY website_id),
  touched AS (
    SELECT website_id, (extract(epoch FROM t.up) * 1000000)::bigint AS up_us,
           (extract(epoch FROM t.down) * 1000000)::bigint AS down_us FROM times t
    UNION ALL SELECT website_id, 0, 0 FROM ticks WHERE website_id NOT IN (SELECT website_id FROM times))
  INSERT INTO rollup_hour
  SELECT website_id, p_hour, coalesce(up, 0), coalesce(down, 0), coalesce(abstain, 0), coalesce(classes, '{}'),
         coalesce(histogram, '{}'), coalesce(phase_sum, '{0,0,0,0,0}'),
         coalesce(phase_max, '{0,0,0,0,0}'), up_us, down_us, 3600000000 - up_us - down_us,
         coalesce(p.sums, '') || coalesce(l.sums, ''), coalesce(validators, '{}')
    FROM touched LEFT JOIN ticks USING (website_id) LEFT JOIN classes USING (website_id)
    LEFT JOIN histograms USING (website_id) LEFT JOIN points p USING (website_id) LEFT JOIN lines l USING (website_id)
  ON CONFLICT (website_id, hour) DO UPDATE
    SET (up, down, abstain, classes, histogram, phase_sum_us, phase_max_us, up_us, down_us, other_us, quarters,
         validators) =
    (excluded.up, excluded.down, excluded.abstain, excluded.classes, excluded.histogram, excluded.phase_sum_us,
     excluded.phase_max_us, excluded.up_us, excluded.down_us, excluded.other_us, excluded.quarters,
     excluded.validators)
$$;

CREATE OR REPLACE FUNCTION ledger_hour_close(p_hour timestamptz, p_lamports bigint) RETURNS void LANGUAGE sql
SET enable_nestloop = off SET enable_mergejoin = off SET enable_sort = off AS $$
  WITH verdicts AS MATERIALIZED (
    SELECT website_id, state, started_at, coalesce(ended_at, 'infinity') AS ended_at FROM verdict_span
     WHERE coalesce(ended_at, 'infinity') > p_hour AND started_at < p_hour + interval '1 hour')
  INSERT INTO ledger_entry (kind, validator_id, hour, ticks, debit, credit, amount)
  SELECT 'reward', validator_id, p_hour, count(*), 'rewards', 'validator', count(*) * p_lamports
    FROM (
      SELECT t.validator_id
        FROM (SELECT * FROM website_tick
               WHERE span BETWEEN tick_span(p_hour) AND tick_span(p_hour + interval '1 hour') OFFSET 0) AS t
        LEFT JOIN verdicts s
          ON s.website_id = t.website_id AND s.started_at <= t.started_at AND s.ended_at > t.started_at
       WHERE t.started_at >= p_hour AND t.started_at < p_hour + interval '1 hour' AND NOT t.late
         AND (verdict_pays(s.state, t.outcome)
              OR (SELECT true FROM work_order o
                    JOIN verdict_span n ON n.website_id = t.website_id AND n.started_at > t.started_at
                     AND n.started_at <= t.started_at + (o.interval_ms + o.timeout_ms) * interval '1 millisecond'
                   WHERE o.id = t.order_id AND o.validator_id = t.validator_id AND verdict_pays(n.state, t.outcome)
                   LIMIT 1))
       GROUP BY t.validator_id, t.order_id, t.kind = 's', t.number) AS paid
   GROUP BY validator_id
  HAVING p_lamports > 0
  ON CONFLICT DO NOTHING
$$;

-- As before, but a day goes an hour later: ticks that came in its last moment may still wait for their page.
CREATE OR REPLACE FUNCTION partitions_keep(p_now timestamptz, p_days_raw integer, p_days_hour integer) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
  today  date := (p_now AT TIME ZONE 'UTC')::date;
  past   date := ((p_now - interval '1 hour') AT TIME ZONE 'UTC')::date;
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
  FOREACH name IN ARRAY '{tick_page,tick_batch}'::text[] LOOP
    n := n + partition_ensure(name, today - 2, today + 3) + partition_drop(name, least(past - raw, closed));
  END LOOP;
  RETURN n;
END $$;

CREATE OR REPLACE FUNCTION choices_since() RETURNS timestamptz LANGUAGE sql STABLE AS $$
  SELECT (min(CASE WHEN c.relname ~ '_[0-9]{8}$' THEN to_date(right(c.relname, 8), 'YYYYMMDD') END) - 3)::timestamp
         AT TIME ZONE 'UTC'
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
   WHERE i.inhparent IN ('tick_page'::regclass, 'tick_batch'::regclass)
$$;
