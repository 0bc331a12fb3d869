-- oldest-program: 0.1.0
-- Of each channel it is remembered what is wrong with dpin itself that it was told. One that is named, enabled or has
-- room again later is told then; and the end is told where the beginning was, however long ago.
CREATE TABLE operator_told (
  what       text    NOT NULL,
  object     text    NOT NULL,
  channel_id integer NOT NULL REFERENCES alert_channel,
  alert_id   bigint,                                       -- of alert_outbox, while it is kept; NULL: it was refused
  PRIMARY KEY (what, object, channel_id),
  FOREIGN KEY (what, object) REFERENCES operator_alert ON DELETE CASCADE
);
INSERT INTO operator_told (what, object, channel_id, alert_id)
SELECT a.what, a.object, o.channel_id, max(o.id)
  FROM operator_alert a
  JOIN alert_outbox o ON o.kind = 'operator.opened'
                     AND o.payload @> jsonb_build_object('kind', a.what, 'openedAt', rfc3339(a.since))
                     AND coalesce(o.payload->>'object', '') = a.object
 WHERE a.told_at IS NOT NULL
 GROUP BY a.what, a.object, o.channel_id;
ALTER TABLE operator_alert DROP COLUMN told_at;

-- What was dropped, as its channel was disabled, was not told.
CREATE FUNCTION operator_knows(o operator_told) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT o.alert_id IS NOT NULL AND NOT EXISTS (SELECT FROM alert_outbox WHERE id = o.alert_id AND state = 'dropped')
$$;

-- Who is to know of it, well or not: never the channel that it is about.
CREATE FUNCTION operator_channels(p_object text) RETURNS SETOF integer LANGUAGE sql STABLE AS $$
  SELECT id FROM alert_channel WHERE operator AND enabled AND removed_at IS NULL AND public_id::text <> p_object
$$;

-- Into the outbox of one channel: its id there. NULL: 10000 wait there, so it is refused.
DROP FUNCTION operator_tell(text, operator_alert, timestamptz);
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
DROP FUNCTION operator_look(timestamptz, integer, bigint, bigint);
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

REVOKE ALL ON FUNCTION operator_knows(operator_told), operator_channels(text),
  operator_tell(integer, text, operator_alert, timestamptz), operator_look(timestamptz, integer, bigint, bigint)
  FROM public;
