-- Uptime as a row: unlike a function that is called, which PostgreSQL plans anew each time it is asked, this one
-- becomes part of the statement that asks, and is planned with it. The three uptimes of a website took longer to plan
-- than the whole of the rest took.

-- Uptime of a website over the last p_window, 0..1: time UP or DEGRADED over time with a verdict. Closed hours come
-- from rollups, from the first full one within the window; the rest comes from spans. NULL: no verdict in that time.
CREATE FUNCTION website_uptimes(p_website integer, p_now timestamptz, p_window interval)
RETURNS TABLE (uptime double precision) LANGUAGE sql STABLE AS $$
  SELECT (rolled.up + live.up)::double precision / nullif(rolled.up + live.up + rolled.down + live.down, 0)
    FROM (SELECT greatest((SELECT max(hour) + interval '1 hour' FROM closed_hour), p_now - p_window) AS at) AS cut
   CROSS JOIN LATERAL (
     SELECT coalesce(sum(up_us), 0) AS up, coalesce(sum(down_us), 0) AS down FROM rollup_hour
      WHERE website_id = p_website AND hour >= date_trunc('hour', p_now - p_window, 'UTC') + interval '1 hour'
        AND hour < cut.at) AS rolled
   CROSS JOIN LATERAL (
     SELECT coalesce(sum(us) FILTER (WHERE state IN ('UP', 'DEGRADED')), 0) AS up,
            coalesce(sum(us) FILTER (WHERE state IN ('DOWN', 'PARTIAL')), 0) AS down
       FROM (SELECT state, usec(least(coalesce(ended_at, p_now), p_now)) - usec(greatest(started_at, cut.at)) AS us
               FROM verdict_span WHERE website_id = p_website AND started_at < p_now
                AND coalesce(ended_at, 'infinity') > cut.at) AS spans) AS live
$$;

-- For programs that know no other.
CREATE OR REPLACE FUNCTION website_uptime(p_website integer, p_now timestamptz, p_window interval)
RETURNS double precision LANGUAGE sql STABLE AS $$
  SELECT uptime FROM website_uptimes(p_website, p_now, p_window)
$$;
