-- What a tick costs to keep and to write is what a network costs: a row has what history, votes, rollups and rewards
-- need. The rest (addresses, hashes, lengths, the certificate's end) is in the signed batch and is read from there.

-- A website's ticks are found by spans of five minutes: the entries of one span are the same, so that the index keeps
-- them once with a list of rows (deduplication), a quarter of what an index by the moment took. Hours and days begin
-- with a span. Who looks for ticks by time says so of tick_span(started_at) as well: that prunes partitions.
CREATE FUNCTION tick_span(timestamptz) RETURNS timestamptz LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT date_bin('5 minutes', $1, '2000-01-01 00:00+00')
$$;

CREATE TEMP TABLE kept ON COMMIT DROP AS
  SELECT started_at, order_id, batch_id, website_id, validator_id, number, dns_us, connect_us, tls_us, wait_us,
         transfer_us, status, outcome, error_class, substr('scmr', kind + 1, 1)::"char" AS kind, late
    FROM website_tick;
DROP TABLE website_tick;

-- Ticks of disposition accepted and late; the others are in the counts of receipts only. Columns are in the order in
-- which they leave no gaps: 64 bytes.
CREATE TABLE website_tick (
  started_at   timestamptz NOT NULL,
  order_id     bigint      NOT NULL,
  batch_id     bigint      NOT NULL,
  website_id   integer     NOT NULL,
  validator_id integer     NOT NULL,
  number       integer     NOT NULL,                      -- slot or probe number
  dns_us       integer     NOT NULL,
  connect_us   integer     NOT NULL,
  tls_us       integer     NOT NULL,
  wait_us      integer     NOT NULL,
  transfer_us  integer     NOT NULL,
  status       smallint    NOT NULL,                      -- HTTP or DNS code, 0 none
  outcome      smallint    NOT NULL,                      -- 1 up, 2 down, 3 abstain
  error_class  smallint    NOT NULL,
  kind         "char"      NOT NULL,                      -- s scheduled, c confirm, m manual, r refresh
  late         boolean     NOT NULL                       -- arrived too late to vote
) PARTITION BY RANGE (tick_span(started_at));
CREATE INDEX website_tick_by_website ON website_tick (website_id, tick_span(started_at));
-- Of one batch are a hundred, and new ones come at the end: small by deduplication. For the feed of what is new.
CREATE INDEX website_tick_by_batch ON website_tick (batch_id) WITH (fillfactor = 100);
-- For closing hours.
CREATE INDEX website_tick_by_time ON website_tick USING brin (started_at)
  WITH (pages_per_range = 16, autosummarize = on);

SELECT partition_ensure('website_tick', day, day)
  FROM (SELECT DISTINCT (started_at AT TIME ZONE 'UTC')::date AS day FROM kept) AS days;
INSERT INTO website_tick SELECT * FROM kept;

CREATE INDEX tick_batch_by_commit ON tick_batch (commit_no);

DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'dpin-api') THEN
    GRANT SELECT ON website_tick TO "dpin-api";
  END IF;
END $$;

-- As before, and by spans.
CREATE OR REPLACE FUNCTION website_recent(p_website integer, p_look integer)
RETURNS TABLE (validator_id integer, started_at timestamptz, outcome smallint, status text, latency double precision,
               place bigint)
LANGUAGE sql STABLE AS $$
  SELECT t.validator_id, t.started_at, t.outcome, tick_status(t.outcome),
         tick_latency(t.outcome, t.dns_us, t.connect_us, t.tls_us, t.wait_us, t.transfer_us),
         count(*) FILTER (WHERE t.outcome <> 3) OVER (ORDER BY t.started_at DESC)
    FROM (SELECT * FROM website_tick w WHERE w.website_id = p_website
             AND tick_span(w.started_at) >= tick_span(now() - interval '8 days')
             AND tick_span(w.started_at) < tick_span(now() + interval '1 day')
           ORDER BY tick_span(w.started_at) DESC, w.started_at DESC LIMIT p_look) AS t
$$;

CREATE OR REPLACE FUNCTION rollup_hour_close(p_hour timestamptz) RETURNS void LANGUAGE sql AS $$
  WITH raw AS MATERIALIZED (
    SELECT website_id, outcome, error_class, dns_us, connect_us, tls_us, wait_us, transfer_us,
           dns_us::bigint + connect_us + tls_us + wait_us + transfer_us AS total_us, (outcome = 1)::integer AS ok
      FROM website_tick WHERE started_at >= p_hour AND started_at < p_hour + interval '1 hour'
       AND tick_span(started_at) BETWEEN tick_span(p_hour) AND tick_span(p_hour + interval '1 hour')),
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
    FROM website_tick WHERE started_at >= p_hour AND started_at < p_hour + interval '1 hour'
     AND tick_span(started_at) BETWEEN tick_span(p_hour) AND tick_span(p_hour + interval '1 hour') AND outcome = 1
   GROUP BY website_id, validator_id
  ON CONFLICT (website_id, hour, validator_id) DO UPDATE SET up = excluded.up, total_us = excluded.total_us
$$;

CREATE OR REPLACE FUNCTION ledger_hour_close(p_hour timestamptz, p_lamports bigint) RETURNS void LANGUAGE sql AS $$
  INSERT INTO ledger_entry (kind, validator_id, hour, ticks, debit, credit, amount)
  SELECT 'reward', validator_id, p_hour, count(*), 'rewards', 'validator', count(*) * p_lamports
    FROM (
      SELECT DISTINCT t.validator_id, t.order_id, (t.kind = 's') AS scheduled, t.number
        FROM website_tick t
        JOIN work_order o ON o.id = t.order_id AND o.validator_id = t.validator_id
        JOIN verdict_span s ON s.website_id = t.website_id
         AND s.started_at <= t.started_at + (o.interval_ms + o.timeout_ms) * interval '1 millisecond'
         AND coalesce(s.ended_at, 'infinity') > t.started_at
       WHERE t.started_at >= p_hour AND t.started_at < p_hour + interval '1 hour' AND NOT t.late
         AND tick_span(t.started_at) BETWEEN tick_span(p_hour) AND tick_span(p_hour + interval '1 hour')
         AND (s.state IN ('PARTIAL', 'UNKNOWN', 'MAINTENANCE')
              OR (t.outcome = 1 AND s.state IN ('UP', 'DEGRADED')) OR (t.outcome = 2 AND s.state = 'DOWN'))) AS paid
   GROUP BY validator_id
  HAVING p_lamports > 0
  ON CONFLICT DO NOTHING
$$;
