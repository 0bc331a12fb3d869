-- The page of a day took as long as twelve round trips to write as text what its quarters are, and they were on rows of
-- their own for each validator. An hour has all of it in one row now, as bytes that the program adds up and writes.

-- Of one quarter, as bytes: how many ticks were up, and the sums of their phases; or of their times.
CREATE FUNCTION latency_sums(bigint, bigint, bigint, bigint, bigint, bigint) RETURNS bytea LANGUAGE sql IMMUTABLE
PARALLEL SAFE AS $$
  SELECT int4send($1::integer) || int8send($2) || int8send($3) || int8send($4) || int8send($5) || int8send($6)
$$;
CREATE FUNCTION latency_sums(bigint, bigint) RETURNS bytea LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT int4send($1::integer) || int8send($2)
$$;

-- Four quarters, of which some have nothing. They are not joined with a list of four: statistics know nothing of what a
-- statement has grouped itself, and a join of it with itself looked at every pair.
CREATE FUNCTION quarters_join(bytea, bytea, bytea, bytea, nothing bytea) RETURNS bytea LANGUAGE sql IMMUTABLE
PARALLEL SAFE AS $$
  SELECT coalesce($1, nothing) || coalesce($2, nothing) || coalesce($3, nothing) || coalesce($4, nothing)
$$;

-- Hours that were closed before have none; a window with such an hour is read from ticks.
ALTER TABLE rollup_validator_hour DROP COLUMN quarters;
ALTER TABLE rollup_hour DROP COLUMN quarters, ADD COLUMN quarters bytea, ADD COLUMN validators integer[];
COMMENT ON COLUMN rollup_hour.quarters IS
  'nothing, or latency_sums() of each of four; then of each validator its number and latency_sums() of each';
COMMENT ON COLUMN rollup_hour.validators IS 'those in quarters, in that order';

-- As before, with such quarters, and ticks are read once.
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
  buckets AS (
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
  spans AS (SELECT DISTINCT website_id FROM verdict_span
             WHERE started_at < p_hour + interval '1 hour' AND coalesce(ended_at, 'infinity') > p_hour),
  touched AS (SELECT website_id FROM ticks UNION SELECT website_id FROM spans),
  times AS (SELECT website_id, span_us(website_id, p_hour, p_hour + interval '1 hour', '{UP,DEGRADED}') AS up_us,
                   span_us(website_id, p_hour, p_hour + interval '1 hour', '{DOWN,PARTIAL}') AS down_us
              FROM touched)
  INSERT INTO rollup_hour
  SELECT website_id, p_hour, coalesce(up, 0), coalesce(down, 0), coalesce(abstain, 0), coalesce(classes, '{}'),
         coalesce(histogram, '{}'), coalesce(phase_sum, '{0,0,0,0,0}'),
         coalesce(phase_max, '{0,0,0,0,0}'), up_us, down_us, 3600000000 - up_us - down_us,
         coalesce(p.sums, '') || coalesce(l.sums, ''), coalesce(validators, '{}')
    FROM times LEFT JOIN ticks USING (website_id) LEFT JOIN classes USING (website_id)
    LEFT JOIN histograms USING (website_id) LEFT JOIN points p USING (website_id) LEFT JOIN lines l USING (website_id)
  ON CONFLICT (website_id, hour) DO UPDATE
    SET (up, down, abstain, classes, histogram, phase_sum_us, phase_max_us, up_us, down_us, other_us, quarters,
         validators) =
    (excluded.up, excluded.down, excluded.abstain, excluded.classes, excluded.histogram, excluded.phase_sum_us,
     excluded.phase_max_us, excluded.up_us, excluded.down_us, excluded.other_us, excluded.quarters,
     excluded.validators)
$$;

-- A token's use is noted once a minute. A statement with an UPDATE in it takes as long again as looking the token up,
-- also when there is nothing to note; a call that is not made takes nothing.
CREATE FUNCTION api_token_used(p_token integer) RETURNS void LANGUAGE sql AS $$
  UPDATE api_token SET last_used_at = now() WHERE id = p_token
$$;
