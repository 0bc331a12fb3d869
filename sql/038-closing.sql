-- What it took to close an hour was for a good part what had to be asked for each website, and to sort all ticks twice.

-- As before. How long a website was up and down is added up for all of them at once: asked for each, by a function, it
-- was a third of what an hour with few ticks a website took. And buckets are counted without sorting the ticks.
CREATE OR REPLACE FUNCTION rollup_hour_close(p_hour timestamptz) RETURNS void LANGUAGE sql AS $$
  WITH raw AS MATERIALIZED (
    SELECT website_id, validator_id, outcome, error_class, dns_us, connect_us, tls_us, wait_us, transfer_us,
           dns_us::bigint + connect_us + tls_us + wait_us + transfer_us AS total_us, (outcome = 1)::integer AS ok,
           extract(minute FROM started_at - p_hour)::integer / 15 AS quarter
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

-- A verdict agrees with a tick of this outcome: its validator is paid.
CREATE FUNCTION verdict_pays(p_state text, p_outcome smallint) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
  SELECT p_state IN ('PARTIAL', 'UNKNOWN', 'MAINTENANCE') OR (p_outcome = 1 AND p_state IN ('UP', 'DEGRADED'))
         OR (p_outcome = 2 AND p_state = 'DOWN')
$$;

-- As before: a tick that was in time is paid, once whatever it came with, when the verdict of its moment agrees with it
-- or one that begins until its interval and its timeout are over. Ticks are read once, in the order in which they lie,
-- and few have their order looked up: those that the verdict of their moment does not agree with. The statistics know
-- nothing of an hour that has just ended, so the plan is one for a dozen ticks; without sorting them and without going
-- through the verdicts for each it is one for millions, too.
CREATE OR REPLACE FUNCTION ledger_hour_close(p_hour timestamptz, p_lamports bigint) RETURNS void LANGUAGE sql
SET enable_nestloop = off SET enable_mergejoin = off SET enable_sort = off AS $$
  WITH verdicts AS MATERIALIZED (
    SELECT website_id, state, started_at, coalesce(ended_at, 'infinity') AS ended_at FROM verdict_span
     WHERE coalesce(ended_at, 'infinity') > p_hour AND started_at < p_hour + interval '1 hour')
  INSERT INTO ledger_entry (kind, validator_id, hour, ticks, debit, credit, amount)
  SELECT 'reward', validator_id, p_hour, count(*), 'rewards', 'validator', count(*) * p_lamports
    FROM (
      SELECT t.validator_id
        FROM website_tick t
        LEFT JOIN verdicts s
          ON s.website_id = t.website_id AND s.started_at <= t.started_at AND s.ended_at > t.started_at
       WHERE t.started_at >= p_hour AND t.started_at < p_hour + interval '1 hour' AND NOT t.late
         AND tick_span(t.started_at) >= tick_span(p_hour)
         AND tick_span(t.started_at) <= tick_span(p_hour + interval '1 hour')
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
