-- Percentiles within 2 % of the exact ones: buckets 4 % wide, of which the middle is told. They were 10 % wide, and
-- their upper bound was. Few buckets of a website's hour are ever hit, so a histogram is a list of {bucket, count}, by
-- bucket, without those of count 0.

-- Bounds of bucket i in microseconds: 100 * 1.04^i to 100 * 1.04^(i+1); below 100 is bucket 0, too.
CREATE OR REPLACE FUNCTION histogram_bucket(p_us bigint) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT floor(ln(greatest(p_us, 100)::double precision / 100) / ln(1.04::double precision))::integer
$$;

-- The middle, in ms, of the bucket in which the count number p * total lies: at most 2 % from what was counted there,
-- above 0.1 ms. NULL: no counts.
CREATE OR REPLACE FUNCTION histogram_quantile(p_histogram integer[], p double precision) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT min(0.1 * power(1.04::double precision, bucket + 0.5)) FROM (
    SELECT p_histogram[i][1] AS bucket, sum(p_histogram[i][2]) OVER (ORDER BY i) AS below,
           sum(p_histogram[i][2]) OVER () AS total
      FROM generate_subscripts(p_histogram, 1) AS i) AS s
   WHERE below >= p * total
$$;

-- Histograms are merged by adding the counts of each bucket.
CREATE FUNCTION histogram_add(integer[], integer[]) RETURNS integer[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT coalesce(array_agg(ARRAY[bucket, n] ORDER BY bucket), '{}') FROM (
    SELECT bucket, sum(n)::integer AS n FROM (
      SELECT $1[i][1] AS bucket, $1[i][2] AS n FROM generate_subscripts($1, 1) AS i
      UNION ALL SELECT $2[i][1], $2[i][2] FROM generate_subscripts($2, 1) AS i) AS both_of
     GROUP BY bucket) AS sums
$$;
CREATE AGGREGATE histogram_sum (integer[]) (SFUNC = histogram_add, STYPE = integer[], INITCOND = '{}');

-- A bucket of before, number i of the list, ended at 1.1^i ms: its counts go to where its middle is.
CREATE FUNCTION histogram_refined(integer[]) RETURNS integer[] LANGUAGE sql AS $$
  SELECT coalesce(array_agg(ARRAY[bucket, n] ORDER BY bucket), '{}') FROM (
    SELECT histogram_bucket((1000 * power(1.1::double precision, i - 0.5))::bigint) AS bucket, sum(v)::integer AS n
      FROM unnest($1) WITH ORDINALITY AS u (v, i) WHERE v > 0 GROUP BY 1) AS sums
$$;
UPDATE rollup_hour SET histogram = histogram_refined(histogram);
UPDATE rollup_day SET histogram = histogram_refined(histogram);
DROP FUNCTION histogram_refined(integer[]);

-- The page of a day shows quarters of an hour, and read all ticks of that day for them: of a website that four look at
-- every ten seconds, 34,560. Closed hours have their quarters now. Hours that were closed before have none; a window
-- with such an hour is read from ticks as before.
ALTER TABLE rollup_hour ADD COLUMN quarters bigint[];
ALTER TABLE rollup_validator_hour ADD COLUMN quarters bigint[];
COMMENT ON COLUMN rollup_hour.quarters IS 'for each: up ticks, then their sums of dns, connect, tls, wait, transfer';
COMMENT ON COLUMN rollup_validator_hour.quarters IS 'for each: up ticks, the sum of their times';

-- Rolls one closed hour up, for every website with ticks or spans in it. Running it again gives the same rows.
CREATE OR REPLACE FUNCTION rollup_hour_close(p_hour timestamptz) RETURNS void LANGUAGE sql AS $$
  WITH raw AS MATERIALIZED (
    SELECT website_id, outcome, error_class, dns_us, connect_us, tls_us, wait_us, transfer_us,
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
  quarters AS (
    SELECT w.website_id, array_agg(coalesce(x.sums, '{0,0,0,0,0,0}') ORDER BY i) AS quarters
      FROM ticks w CROSS JOIN generate_series(0, 3) AS i LEFT JOIN (
        SELECT website_id, quarter, ARRAY[count(*), sum(dns_us), sum(connect_us), sum(tls_us), sum(wait_us),
                                          sum(transfer_us)] AS sums
          FROM raw WHERE outcome = 1 GROUP BY 1, 2) AS x ON x.website_id = w.website_id AND x.quarter = i
     GROUP BY w.website_id),
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
         coalesce(quarters, array_fill(0::bigint, ARRAY[4, 6]))
    FROM times LEFT JOIN ticks USING (website_id) LEFT JOIN classes USING (website_id)
    LEFT JOIN histograms USING (website_id) LEFT JOIN quarters USING (website_id)
  ON CONFLICT (website_id, hour) DO UPDATE
    SET (up, down, abstain, classes, histogram, phase_sum_us, phase_max_us, up_us, down_us, other_us, quarters) =
    (excluded.up, excluded.down, excluded.abstain, excluded.classes, excluded.histogram, excluded.phase_sum_us,
     excluded.phase_max_us, excluded.up_us, excluded.down_us, excluded.other_us, excluded.quarters);

  INSERT INTO rollup_validator_hour
  SELECT website_id, p_hour, validator_id, sum(n), sum(us), ARRAY[
           ARRAY[coalesce(sum(n) FILTER (WHERE quarter = 0), 0), coalesce(sum(us) FILTER (WHERE quarter = 0), 0)],
           ARRAY[coalesce(sum(n) FILTER (WHERE quarter = 1), 0), coalesce(sum(us) FILTER (WHERE quarter = 1), 0)],
           ARRAY[coalesce(sum(n) FILTER (WHERE quarter = 2), 0), coalesce(sum(us) FILTER (WHERE quarter = 2), 0)],
           ARRAY[coalesce(sum(n) FILTER (WHERE quarter = 3), 0), coalesce(sum(us) FILTER (WHERE quarter = 3), 0)]]
    FROM (SELECT website_id, validator_id, extract(minute FROM started_at - p_hour)::integer / 15 AS quarter,
                 count(*) AS n, sum(dns_us::bigint + connect_us + tls_us + wait_us + transfer_us) AS us
            FROM website_tick WHERE started_at >= p_hour AND started_at < p_hour + interval '1 hour'
             AND tick_span(started_at) BETWEEN tick_span(p_hour) AND tick_span(p_hour + interval '1 hour')
             AND outcome = 1
           GROUP BY 1, 2, 3) AS x
   GROUP BY website_id, validator_id
  ON CONFLICT (website_id, hour, validator_id) DO UPDATE
    SET (up, total_us, quarters) = (excluded.up, excluded.total_us, excluded.quarters)
$$;

-- As before, with such histograms.
CREATE OR REPLACE FUNCTION rollup_day_close(p_day date) RETURNS void LANGUAGE sql AS $$
  INSERT INTO rollup_day
  SELECT website_id, p_day, sum(up), sum(down), sum(abstain), classes_sum(classes), histogram_sum(histogram),
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

DROP AGGREGATE array_sum (integer[]);
DROP FUNCTION array_add(integer[], integer[]);
