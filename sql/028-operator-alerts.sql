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
  detail    text        NOT NULL,                          -- a sentence for people
  PRIMARY KEY (what, object)
);

-- Of each channel it is remembered what it was told of that. One that is named, enabled or has room again later is told
-- then; and the end is told where the beginning was, however long ago.
CREATE TABLE operator_told (
  what       text    NOT NULL,
  object     text    NOT NULL,
  channel_id integer NOT NULL REFERENCES alert_channel,
  alert_id   bigint,                                       -- of alert_outbox, while it is kept; NULL: it was refused
  PRIMARY KEY (what, object, channel_id),
  FOREIGN KEY (what, object) REFERENCES operator_alert ON DELETE CASCADE
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

-- What was dropped, as its channel was disabled, was not told.
CREATE FUNCTION operator_knows(o operator_told) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT o.alert_id IS NOT NULL AND NOT EXISTS (SELECT FROM alert_outbox WHERE id = o.alert_id AND state = 'dropped')
$$;

-- Who is to know of it, well or not: never the channel that it is about.
CREATE FUNCTION operator_channels(p_object text) RETURNS SETOF integer LANGUAGE sql STABLE AS $$
  SELECT id FROM alert_channel WHERE operator AND enabled AND removed_at IS NULL AND public_id::text <> p_object
$$;

-- Into the outbox of one channel: its id there. NULL: 10000 wait there, so it is refused.
CREATE FUNCTION operator_tell(p_channel integer, p_kind text, a operator_alert, p_now timestamptz) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  made bigint;
BEGIN
  IF (SELECT count(*) FROM (SELECT FROM alert_outbox WHERE channel_id = p_channel AND state = 'pending' LIMIT 10000) w)
     >= 10000 THEN
    RETURN NULL;
  END IF;
  INSERT INTO alert_outbox (channel_id, kind, at, payload)
  VALUES (p_channel, p_kind, p_now, jsonb_strip_nulls(jsonb_build_object(
           'name', 'dpin', 'kind', a.what, 'object', nullif(a.object, ''), 'severity', 'warning', 'summary', a.detail,
           'openedAt', rfc3339(a.since),
           'closedAt', CASE p_kind WHEN 'operator.resolved' THEN rfc3339(p_now) END,
           'seconds', CASE p_kind WHEN 'operator.resolved' THEN extract(epoch FROM p_now - a.since)::bigint END)))
  RETURNING id INTO made;
  PERFORM pg_notify('dpin_alert', '');
  RETURN made;
END $$;

-- Looks, remembers and tells: what has been wrong for long enough, and what has been well again for a minute. Returns
-- the channels that refused something, once for each thing: a beginning is tried again, and not counted again.
CREATE FUNCTION operator_look(p_now timestamptz, p_validators integer, p_free bigint, p_room bigint) RETURNS integer[]
LANGUAGE plpgsql AS $$
DECLARE
  t       record;
  made    bigint;
  missed  integer[] := '{}';
BEGIN
  INSERT INTO operator_alert AS a (what, object, since, seen_at, patience, detail)
  SELECT what, object, p_now, p_now, patience, detail FROM operator_troubles(p_validators, p_free, p_room)
      ON CONFLICT (what, object) DO UPDATE
     SET seen_at = p_now, patience = excluded.patience, detail = excluded.detail;
  FOR t IN SELECT a, c AS channel, o.channel_id IS NOT NULL AND o.alert_id IS NULL AS again
             FROM operator_alert a CROSS JOIN operator_channels(a.object) c
             LEFT JOIN operator_told o ON o.what = a.what AND o.object = a.object AND o.channel_id = c
            WHERE a.seen_at = p_now AND a.since + a.patience <= p_now AND operator_knows(o) IS NOT TRUE
            ORDER BY a.what, a.object, c
  LOOP
    made := operator_tell(t.channel, 'operator.opened', t.a, p_now);
    IF made IS NULL AND NOT t.again THEN
      missed := missed || t.channel;
    END IF;
    INSERT INTO operator_told (what, object, channel_id, alert_id)
    VALUES ((t.a).what, (t.a).object, t.channel, made)
        ON CONFLICT (what, object, channel_id) DO UPDATE SET alert_id = excluded.alert_id;
  END LOOP;
  FOR t IN SELECT a, c AS channel FROM operator_alert a CROSS JOIN operator_channels(a.object) c
             JOIN operator_told o ON o.what = a.what AND o.object = a.object AND o.channel_id = c
            WHERE a.seen_at <= p_now - interval '1 minute' AND operator_knows(o)
            ORDER BY a.what, a.object, c
  LOOP
    IF operator_tell(t.channel, 'operator.resolved', t.a, p_now) IS NULL THEN
      missed := missed || t.channel;
    END IF;
  END LOOP;
  DELETE FROM operator_alert a
   WHERE seen_at <= p_now - interval '1 minute'
      OR seen_at < p_now AND NOT EXISTS (SELECT FROM operator_told o
                                          WHERE o.what = a.what AND o.object = a.object AND o.alert_id IS NOT NULL);
  -- as of other alerts: whoever holds the channel is not waited for, and a refusal less is counted
  UPDATE alert_channel c SET refused = c.refused + (SELECT count(*) FROM unnest(missed) m WHERE m = c.id)
   WHERE id IN (SELECT id FROM alert_channel WHERE id = ANY (missed) FOR NO KEY UPDATE SKIP LOCKED);
  RETURN missed;
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

REVOKE ALL ON FUNCTION operator_troubles(integer, bigint, bigint), operator_knows(operator_told),
  operator_channels(text), operator_tell(integer, text, operator_alert, timestamptz),
  operator_look(timestamptz, integer, bigint, bigint), channel_set_operator(integer, uuid, text, boolean) FROM public;
