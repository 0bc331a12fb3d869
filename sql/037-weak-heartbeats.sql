-- A website that calls itself has no committee, so it lacks no validators: it is not counted as one without full
-- assurance. Those that call, or failed to, are known by the cause of their verdict; all of them by their URL.
DROP INDEX verdict_span_weak;
CREATE INDEX verdict_span_weak ON verdict_span (website_id) WHERE ended_at IS NULL AND assurance <> 'full'
  AND cause NOT IN ('heartbeat', 'heartbeat_missing', 'heartbeat_failed');

-- As before, without these.
CREATE OR REPLACE FUNCTION weak_websites(p_now timestamptz, p_exact boolean) RETURNS bigint
LANGUAGE plpgsql SET enable_sort = off AS $$
DECLARE
  n bigint;
BEGIN
  SELECT count(*) INTO n FROM (
    SELECT FROM verdict_span s
     WHERE ended_at IS NULL AND assurance <> 'full'
       AND cause NOT IN ('heartbeat', 'heartbeat_missing', 'heartbeat_failed')
       AND (SELECT removed_at IS NULL AND NOT paused AND url NOT ILIKE 'push:%' FROM website WHERE id = s.website_id)
     ORDER BY website_id LIMIT 101) few;
  IF n <= 100 THEN
    RETURN n;
  END IF;
  IF NOT p_exact THEN
    SELECT websites INTO n FROM weak_count WHERE counted_at > p_now - interval '1 minute' AND counted_at <= p_now;
    IF FOUND THEN
      RETURN n;
    END IF;
  END IF;
  SELECT count(*) INTO n FROM verdict_span s JOIN website w ON w.id = s.website_id
   WHERE s.ended_at IS NULL AND s.assurance <> 'full' AND w.removed_at IS NULL AND NOT w.paused
     AND w.url NOT ILIKE 'push:%';
  INSERT INTO weak_count (websites, counted_at) VALUES (n, p_now)
      ON CONFLICT (id) DO UPDATE SET websites = excluded.websites, counted_at = excluded.counted_at;
  RETURN n;
END $$;
