-- oldest-program: 0.1.0
-- The three uptimes of a website in one pass. Each looked through the hours of its own time, a page of the table for
-- almost each: 912 hours for a month, a week and a day.

-- What uptimes add up is in the index, so that a month of a website is a few pages.
-- Read on while it is built: only the closing of hours waits.
CREATE UNIQUE INDEX rollup_hour_uptimes ON rollup_hour (website_id, hour) INCLUDE (up_us, down_us);
ALTER TABLE rollup_hour DROP CONSTRAINT rollup_hour_pkey,
  ADD CONSTRAINT rollup_hour_pkey PRIMARY KEY USING INDEX rollup_hour_uptimes;

-- Uptimes of a website over the last 24 hours, 7 and 30 days, as website_uptimes(website, now, window) has each.
CREATE FUNCTION website_uptimes(p_website integer, p_now timestamptz)
RETURNS TABLE (day double precision, week double precision, month double precision) LANGUAGE sql STABLE AS $$
  SELECT (r.up_1 + l.up_1)::double precision / nullif(r.up_1 + l.up_1 + r.down_1 + l.down_1, 0),
         (r.up_7 + l.up_7)::double precision / nullif(r.up_7 + l.up_7 + r.down_7 + l.down_7, 0),
         (r.up_30 + l.up_30)::double precision / nullif(r.up_30 + l.up_30 + r.down_30 + l.down_30, 0)
    FROM (SELECT greatest(closed, p_now - interval '24 hours') AS at_1,
                 greatest(closed, p_now - interval '7 days') AS at_7,
                 greatest(closed, p_now - interval '30 days') AS at_30,
                 date_trunc('hour', p_now - interval '24 hours', 'UTC') + interval '1 hour' AS from_1,
                 date_trunc('hour', p_now - interval '7 days', 'UTC') + interval '1 hour' AS from_7,
                 date_trunc('hour', p_now - interval '30 days', 'UTC') + interval '1 hour' AS from_30
            FROM (SELECT max(hour) + interval '1 hour' AS closed FROM closed_hour) AS hours) AS cut
   CROSS JOIN LATERAL (
     SELECT coalesce(sum(up_us) FILTER (WHERE hour >= cut.from_1), 0) AS up_1,
            coalesce(sum(down_us) FILTER (WHERE hour >= cut.from_1), 0) AS down_1,
            coalesce(sum(up_us) FILTER (WHERE hour >= cut.from_7), 0) AS up_7,
            coalesce(sum(down_us) FILTER (WHERE hour >= cut.from_7), 0) AS down_7,
            coalesce(sum(up_us), 0) AS up_30, coalesce(sum(down_us), 0) AS down_30
       FROM rollup_hour WHERE website_id = p_website AND hour >= cut.from_30 AND hour < cut.at_30) AS r
   CROSS JOIN LATERAL (
     SELECT coalesce(sum(us_1) FILTER (WHERE is_up), 0) AS up_1,
            coalesce(sum(us_1) FILTER (WHERE is_down), 0) AS down_1,
            coalesce(sum(us_7) FILTER (WHERE is_up), 0) AS up_7,
            coalesce(sum(us_7) FILTER (WHERE is_down), 0) AS down_7,
            coalesce(sum(us_30) FILTER (WHERE is_up), 0) AS up_30,
            coalesce(sum(us_30) FILTER (WHERE is_down), 0) AS down_30
       FROM (SELECT state IN ('UP', 'DEGRADED') AS is_up, state IN ('DOWN', 'PARTIAL') AS is_down,
                    greatest(ended - usec(greatest(started_at, cut.at_1)), 0) AS us_1,
                    greatest(ended - usec(greatest(started_at, cut.at_7)), 0) AS us_7,
                    greatest(ended - usec(greatest(started_at, cut.at_30)), 0) AS us_30
               FROM (SELECT state, started_at, usec(least(coalesce(ended_at, p_now), p_now)) AS ended
                       FROM verdict_span WHERE website_id = p_website AND started_at < p_now
                        AND coalesce(ended_at, 'infinity') > cut.at_30) AS late) AS spans) AS l
$$;
