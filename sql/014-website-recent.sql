-- As before, and numbered in the order in which they are read: without a sort between the two, whoever wants the first
-- hundred that people see looks at a hundred ticks and some, and not always at p_look.
CREATE OR REPLACE FUNCTION website_recent(p_website integer, p_look integer)
RETURNS TABLE (validator_id integer, started_at timestamptz, outcome smallint, status text, latency double precision,
               place bigint)
LANGUAGE sql STABLE AS $$
  SELECT t.validator_id, t.started_at, t.outcome, tick_status(t.outcome),
         tick_latency(t.outcome, t.dns_us, t.connect_us, t.tls_us, t.wait_us, t.transfer_us),
         count(*) FILTER (WHERE t.outcome <> 3) OVER (ORDER BY t.span DESC, t.started_at DESC)
    FROM (SELECT *, tick_span(w.started_at) AS span FROM website_tick w WHERE w.website_id = p_website
             AND tick_span(w.started_at) >= tick_span(now() - interval '8 days')
             AND tick_span(w.started_at) < tick_span(now() + interval '1 day')
           ORDER BY span DESC, w.started_at DESC LIMIT p_look) AS t
$$;
