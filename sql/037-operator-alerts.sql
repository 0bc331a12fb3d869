-- oldest-program: 0.1.0
-- Alerts about dpin itself, to channels that the hub's administrator names.
ALTER TABLE alert_channel ADD COLUMN operator boolean NOT NULL DEFAULT false; -- is told of dpin itself, too

-- What is wrong with dpin itself, so that a hub that starts anew tells nothing twice. Times are hub time.
CREATE TABLE operator_alert (
  what      text        NOT NULL,                          -- validators, assurance, delivery, disk
  object    text        NOT NULL,                          -- of delivery the channel's id; else ''
  since     timestamptz NOT NULL,
  seen_at   timestamptz NOT NULL,                          -- it was so, last
  patience  interval    NOT NULL,                          -- it has to be so for so long before it is told
  told_at   timestamptz,                                   -- NULL: it is not told
  detail    text        NOT NULL,                          -- a sentence for people
  PRIMARY KEY (what, object)
);

-- The few that are looked for every few seconds.
CREATE INDEX verdict_span_weak ON verdict_span (website_id) WHERE ended_at IS NULL AND assurance <> 'full';

-- What is wrong just now. p_validators: approved ones that are connected. p_free, p_room: bytes of the file system that
-- the hub's keys are on.
CREATE FUNCTION operator_troubles(p_validators integer, p_free bigint, p_room bigint)
RETURNS TABLE (what text, object text, patience interval, detail text) LANGUAGE sql STABLE AS $$
  SELECT 'validators', '', interval '1 minute',
         'No validator that is approved is connected. See dpinctl validator list.'
   WHERE p_validators = 0 AND EXISTS (SELECT FROM website WHERE removed_at IS NULL AND NOT paused)
  UNION ALL
  SELECT 'assurance', '', interval '10 minutes',
         format('%s fewer validators of different operators than full assurance needs.',
                CASE count(*) WHEN 1 THEN 'A website has' ELSE count(*) || ' websites have' END)
    FROM verdict_span s JOIN website w ON w.id = s.website_id
   WHERE s.ended_at IS NULL AND s.assurance <> 'full' AND w.removed_at IS NULL AND NOT w.paused
  HAVING count(*) > 0
  UNION ALL
  SELECT 'delivery', public_id::text, CASE WHEN enabled THEN interval '5 minutes' ELSE interval '0' END,
         CASE WHEN enabled
              THEN format('The channel %s fails, %s times in a row. See dpinctl alert log.', name, failures)
              ELSE format('The channel %s is disabled: %s.', name, disabled_reason) END
    FROM alert_channel WHERE removed_at IS NULL AND (failures > 0 OR NOT enabled)
  UNION ALL
  SELECT 'disk', '', interval '1 minute',
         format('%s of %s are free where the hub has its keys.', pg_size_pretty(p_free), pg_size_pretty(p_room))
   WHERE p_free < least(p_room / 10, 4294967296)
$$;

-- Into the outbox of whoever is to be told; whether that is anybody. Of a channel that fails it is not told itself, and
-- of an end nobody who does not know of the beginning.
CREATE FUNCTION operator_tell(p_kind text, a operator_alert, p_now timestamptz) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO alert_outbox (channel_id, kind, at, payload)
  SELECT id, p_kind, p_now, jsonb_strip_nulls(jsonb_build_object(
           'name', 'dpin', 'kind', a.what, 'severity', 'warning', 'summary', a.detail, 'openedAt', rfc3339(a.since),
           'closedAt', CASE p_kind WHEN 'operator.resolved' THEN rfc3339(p_now) END,
           'seconds', CASE p_kind WHEN 'operator.resolved' THEN extract(epoch FROM p_now - a.since)::bigint END))
    FROM alert_channel c
   WHERE operator AND enabled AND removed_at IS NULL AND public_id::text <> a.object
     AND (SELECT count(*) FROM (SELECT FROM alert_outbox WHERE channel_id = c.id AND state = 'pending' LIMIT 10000) w)
         < 10000
     AND (p_kind = 'operator.opened'
          OR EXISTS (SELECT FROM alert_outbox o WHERE o.channel_id = c.id AND o.kind = 'operator.opened'
                        AND o.payload @> jsonb_build_object('kind', a.what, 'openedAt', rfc3339(a.since))));
  IF FOUND THEN
    PERFORM pg_notify('dpin_alert', '');
  END IF;
  RETURN FOUND;
END $$;

-- Looks, remembers and tells: what has been wrong for long enough, and what has been well again for a minute.
CREATE FUNCTION operator_look(p_now timestamptz, p_validators integer, p_free bigint, p_room bigint) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  a operator_alert;
BEGIN
  INSERT INTO operator_alert AS a (what, object, since, seen_at, patience, detail)
  SELECT what, object, p_now, p_now, patience, detail FROM operator_troubles(p_validators, p_free, p_room)
      ON CONFLICT (what, object) DO UPDATE
     SET seen_at = p_now, patience = excluded.patience, detail = excluded.detail;
  FOR a IN SELECT * FROM operator_alert WHERE told_at IS NULL AND seen_at = p_now AND since + patience <= p_now LOOP
    IF operator_tell('operator.opened', a, p_now) THEN
      UPDATE operator_alert SET told_at = p_now WHERE what = a.what AND object = a.object;
    END IF;
  END LOOP;
  DELETE FROM operator_alert WHERE told_at IS NULL AND seen_at < p_now;
  FOR a IN DELETE FROM operator_alert WHERE seen_at <= p_now - interval '1 minute' RETURNING * LOOP
    PERFORM operator_tell('operator.resolved', a, p_now);
  END LOOP;
  RETURN true;
END $$;

-- By the hub's administrator, and nobody else.
CREATE FUNCTION channel_set_operator(p_organisation integer, p_channel uuid, p_actor text, p_operator boolean)
RETURNS SETOF boolean LANGUAGE plpgsql AS $$
DECLARE
  c alert_channel := channel_hold(p_organisation, p_channel);
BEGIN
  IF c.id IS NULL THEN
    RETURN;
  END IF;
  UPDATE alert_channel SET operator = p_operator WHERE id = c.id;
  RETURN NEXT channel_did(c, CASE WHEN p_operator THEN 'operator' ELSE 'no-operator' END, p_actor);
END $$;

REVOKE ALL ON FUNCTION operator_troubles(integer, bigint, bigint), operator_tell(text, operator_alert, timestamptz),
  operator_look(timestamptz, integer, bigint, bigint), channel_set_operator(integer, uuid, text, boolean) FROM public;
