-- oldest-program: 0.1.0
-- Alerts about dpin itself say what they are about, too: two channels that fail are two alerts wherever one replaces
-- another of the same labels.
CREATE OR REPLACE FUNCTION operator_tell(p_kind text, a operator_alert, p_now timestamptz) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO alert_outbox (channel_id, kind, at, payload)
  SELECT id, p_kind, p_now, jsonb_strip_nulls(jsonb_build_object(
           'name', 'dpin', 'kind', a.what, 'object', nullif(a.object, ''), 'severity', 'warning', 'summary', a.detail,
           'openedAt', rfc3339(a.since),
           'closedAt', CASE p_kind WHEN 'operator.resolved' THEN rfc3339(p_now) END,
           'seconds', CASE p_kind WHEN 'operator.resolved' THEN extract(epoch FROM p_now - a.since)::bigint END))
    FROM alert_channel c
   WHERE operator AND enabled AND removed_at IS NULL AND public_id::text <> a.object
     AND (SELECT count(*) FROM (SELECT FROM alert_outbox WHERE channel_id = c.id AND state = 'pending' LIMIT 10000) w)
         < 10000
     AND (p_kind = 'operator.opened'
          OR EXISTS (SELECT FROM alert_outbox o WHERE o.channel_id = c.id AND o.kind = 'operator.opened'
                        AND o.payload @> jsonb_strip_nulls(jsonb_build_object(
                              'kind', a.what, 'object', nullif(a.object, ''), 'openedAt', rfc3339(a.since)))));
  IF FOUND THEN
    PERFORM pg_notify('dpin_alert', '');
  END IF;
  RETURN FOUND;
END $$;
