-- oldest-program: 0.1.0
-- When alerts are told, and as what: decided when they are due, by hub time, not in the transaction of the incident.
-- What waits is a line of the outbox that nobody has taken; next_try_at is when it is looked at again.

-- Rules ---------------------------------------------------------------------------------------------

-- When the quiet hours end that p_now is in; NULL: it is in none. They are times of clocks: of the night in which these
-- are set they have an hour more or less. A time zone that this server does not know (any more) has none.
CREATE FUNCTION alert_quiet_until(p_rules jsonb, p_now timestamptz) RETURNS timestamptz LANGUAGE plpgsql STABLE AS $$
DECLARE
  q     jsonb := p_rules->'quietHours';
  zone  text := q->>'timeZone';
  today date;
BEGIN
  IF q IS NULL THEN
    RETURN NULL;
  END IF;
  today := (p_now AT TIME ZONE zone)::date;
  RETURN (SELECT max(ends)
            FROM generate_series(today - 1, today, '1 day') d,
                 LATERAL (SELECT (d::date + (q->>'from')::time) AT TIME ZONE zone AS begins,
                                 (d::date + (q->>'to')::time
                                  + CASE WHEN (q->>'to')::time <= (q->>'from')::time THEN interval '1 day'
                                         ELSE interval '0' END) AT TIME ZONE zone AS ends) AS span
           WHERE begins <= p_now AND p_now < ends
             AND (NOT q ? 'days' OR q->'days' = '[]' OR q->'days' ? to_char(d, 'dy')));
EXCEPTION WHEN invalid_parameter_value THEN
  RAISE WARNING 'time zone % is not known here', zone;
  RETURN NULL;
END $$;

-- How many messages a channel has been told since p_from, and of how many alerts. Replays and what is about no incident
-- are nobody's flood.
CREATE FUNCTION alert_told(p_channel integer, p_from timestamptz, OUT messages bigint, OUT alerts bigint)
LANGUAGE sql STABLE AS $$
  SELECT count(*), coalesce(sum(covers), 0) FROM alert_outbox
   WHERE channel_id = p_channel AND taken_at > p_from AND taken_at IS NOT NULL AND state <> 'grouped' AND NOT at_once
     AND (incident_id IS NOT NULL OR kind = 'digest')
$$;

-- A tenth of an hour's messages, six at most, are kept for digests: singles leave them.
CREATE FUNCTION alert_kept(p_rules jsonb) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
  SELECT least(6, coalesce((p_rules->>'perHour')::integer, 60) / 2)
$$;

-- The soonest that a digest may be told: a minute after the last one, and when few messages are left of this hour, as
-- much later as these last for it.
CREATE FUNCTION alert_digest_from(c alert_channel, p_now timestamptz) RETURNS timestamptz LANGUAGE plpgsql STABLE AS $$
DECLARE
  most integer := coalesce((c.rules->>'perHour')::integer, 60);
  kept integer := alert_kept(c.rules);
  used bigint  := (SELECT messages FROM alert_told(c.id, p_now - interval '1 hour'));
  gap  interval := CASE WHEN used < most - kept THEN interval '1 minute' ELSE interval '1 hour' / (kept + 1) END;
BEGIN
  RETURN greatest(c.last_digest_at + gap, CASE WHEN used >= most THEN
    (SELECT taken_at + interval '1 hour' FROM alert_outbox
      WHERE channel_id = c.id AND taken_at IS NOT NULL AND state <> 'grouped' AND NOT at_once
        AND (incident_id IS NOT NULL OR kind = 'digest')
      ORDER BY taken_at DESC OFFSET most - 1 LIMIT 1) END);
END $$;

-- Taking --------------------------------------------------------------------------------------------

-- Whether what waits of an incident is news at p_now. why: it is not (any more). NULL: it is, from due_at on.
CREATE FUNCTION alert_news(c alert_channel, p_ids bigint[], p_now timestamptz)
RETURNS TABLE (id bigint, due_at timestamptz, why text, told_by bigint) LANGUAGE sql STABLE AS $$
  SELECT o.id, due,
    CASE WHEN later.id IS NOT NULL THEN 'what came of it was told'
         WHEN o.kind = 'incident.resolved' THEN
           CASE WHEN untold THEN 'its beginning was not told' END
         WHEN i.closed_at < due OR i.closed_at IS NOT NULL AND (o.kind = 'incident.reminder' OR forgotten)
           THEN 'it was over before'
         WHEN i.acknowledged_at < opened_due OR i.acknowledged_at IS NOT NULL AND o.kind = 'incident.reminder'
           THEN 'somebody takes care of it'
         WHEN EXISTS (SELECT FROM incident above WHERE above.id = i.suppressed_by AND above.closed_at IS NULL)
           THEN 'what it depends on is down' END,
    later.id
    FROM alert_outbox o JOIN incident i ON i.id = o.incident_id,
         -- without a delay clocks are not compared: whoever reports an incident has the database's
         LATERAL (SELECT i.opened_at + interval '1 s' * nullif((c.rules->>'delaySeconds')::integer, 0)
                    AS opened_due) AS d,
         -- what it got worse by waits with its beginning
         LATERAL (SELECT max(x.not_before) AS not_before FROM alert_outbox x
                   WHERE x.incident_id = i.id AND x.channel_id = c.id AND x.state = 'pending'
                     AND x.taken_at IS NULL) AS b,
         LATERAL (SELECT CASE WHEN o.kind = 'incident.resolved' THEN '-infinity'
                              ELSE coalesce(greatest(b.not_before, opened_due), '-infinity') END AS due) AS due_of,
         -- it has waited, is over, and nobody is to hear of that
         LATERAL (SELECT o.at <= p_now - interval '5 s'
                         AND NOT EXISTS (SELECT FROM alert_outbox x WHERE x.incident_id = i.id AND x.channel_id = c.id
                                            AND x.kind = 'incident.resolved') AS forgotten) AS f,
         LATERAL (SELECT max(x.id) AS id FROM alert_outbox x WHERE x.incident_id = i.id AND x.channel_id = c.id
                     AND x.id > o.id AND x.taken_at IS NOT NULL AND NOT x.at_once) AS later,
         -- the beginning was dropped, or will be: it was over before it was due
         LATERAL (SELECT bool_or(x.kind = 'incident.opened') FILTER (WHERE gone)
                         AND NOT coalesce(bool_or(true) FILTER (WHERE NOT gone), false) AS untold
                    FROM alert_outbox x,
                         LATERAL (SELECT x.state = 'dropped'
                                         OR x.state = 'pending' AND x.taken_at IS NULL
                                            AND i.closed_at < greatest(x.not_before, opened_due) AS gone) AS g
                   WHERE x.incident_id = i.id AND x.channel_id = c.id AND x.kind <> 'incident.resolved') AS beginning
   WHERE o.id = ANY (p_ids)
$$;

-- Of what waits for one website, and is of one kind, only the last is told, in the name of all: what is left. One that
-- got worse before its beginning was told is told as its beginning.
CREATE FUNCTION alert_collapse(p_ids bigint[]) RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
  left_over bigint[];
BEGIN
  WITH ranked AS (
    SELECT o.id, o.kind, o.incident_id, o.covers,
           max(o.id) OVER (PARTITION BY o.website_id, o.payload->>'kind') AS last
      FROM alert_outbox o WHERE o.id = ANY (p_ids)),
  covered AS (
    UPDATE alert_outbox o SET state = 'grouped', told_by = last, done_at = now()
      FROM ranked WHERE o.id = ranked.id AND ranked.id <> last)
  UPDATE alert_outbox o SET covers = sums.covers,
         kind = CASE WHEN o.kind = 'incident.escalated' AND opened THEN 'incident.opened' ELSE o.kind END
    FROM (SELECT r.last, sum(r.covers) AS covers,
                 bool_or(r.kind = 'incident.opened' AND r.incident_id = l.incident_id AND r.id <> l.id) AS opened
            FROM ranked r JOIN ranked l ON l.id = r.last GROUP BY r.last HAVING count(*) > 1) AS sums
   WHERE o.id = sums.last;
  SELECT array_agg(id ORDER BY id) INTO left_over FROM alert_outbox WHERE id = ANY (p_ids) AND state = 'pending';
  RETURN coalesce(left_over, '{}');
END $$;

-- Whether its beginning was told, or is to be, by something that told of others as well: its end is no surprise.
CREATE FUNCTION alert_is_late(p_alert alert_outbox) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT p_alert.kind = 'incident.resolved'
         AND EXISTS (SELECT FROM alert_outbox x WHERE x.incident_id = p_alert.incident_id
                        AND x.channel_id = p_alert.channel_id AND x.state = 'grouped')
         AND NOT EXISTS (SELECT FROM alert_outbox x WHERE x.incident_id = p_alert.incident_id
                            AND x.channel_id = p_alert.channel_id AND x.taken_at IS NOT NULL AND x.state <> 'grouped')
$$;

-- What a digest says: how many of which event, and the first 100 of them, what is open before what is over.
CREATE FUNCTION alert_digest(p_ids bigint[], p_now timestamptz) RETURNS jsonb LANGUAGE sql STABLE AS $$
  WITH items AS (SELECT * FROM alert_outbox WHERE id = ANY (p_ids)),
  ranked AS (SELECT items.*, row_number() OVER (ORDER BY kind = 'incident.resolved',
                      array_position('{down,partial,warning,info}'::text[], payload->>'severity'), at, id) AS rank
               FROM items)
  SELECT jsonb_build_object(
    'at', rfc3339(p_now), 'alerts', (SELECT sum(covers) FROM items), 'incidents', (SELECT count(*) FROM items),
    'counts', (SELECT jsonb_object_agg(kind, n) FROM (SELECT kind, count(*) AS n FROM items GROUP BY kind) AS kinds),
    'items', (SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
                'event', kind, 'incidentId', payload->'incidentId', 'websiteId', payload->'websiteId',
                'name', payload->'name', 'url', left(payload->>'url', 300), 'kind', payload->'kind',
                'severity', payload->'severity', 'openedAt', payload->'openedAt', 'closedAt', payload->'closedAt',
                'alerts', covers)) ORDER BY rank)
                FROM ranked WHERE rank <= 100))
$$;

-- Told as they are. Of several at once each is a message.
CREATE FUNCTION alert_tell(p_ids bigint[], p_now timestamptz) RETURNS void LANGUAGE sql AS $$
  UPDATE alert_outbox SET taken_at = p_now, next_try_at = NULL WHERE id = ANY (p_ids)
$$;

-- Told as one, unless it is one anyway: but that something began and ended meanwhile is told by a digest.
CREATE FUNCTION alert_tell_together(c alert_channel, p_ids bigint[], p_now timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  made bigint;
BEGIN
  IF cardinality(p_ids) = 1
     AND NOT EXISTS (SELECT FROM alert_outbox o JOIN alert_outbox x ON x.told_by = o.id
                      WHERE o.id = p_ids[1] AND o.kind = 'incident.resolved' AND x.incident_id = o.incident_id) THEN
    PERFORM alert_tell(p_ids, p_now);
    RETURN;
  END IF;
  INSERT INTO alert_outbox (channel_id, kind, payload, at, taken_at, covers)
  VALUES (c.id, 'digest', alert_digest(p_ids, p_now), p_now, p_now,
          (SELECT sum(covers) FROM alert_outbox WHERE id = ANY (p_ids)))
  RETURNING id INTO made;
  UPDATE alert_outbox SET state = 'grouped', told_by = made, taken_at = p_now, done_at = now() WHERE id = ANY (p_ids);
  UPDATE alert_channel SET last_digest_at = p_now WHERE id = c.id;
END $$;

-- What waits for a website of these, is due, and is looked at later: with these it makes one.
CREATE FUNCTION alert_gather(c alert_channel, p_ids bigint[], p_now timestamptz) RETURNS bigint[]
LANGUAGE sql STABLE AS $$
  SELECT coalesce(array_agg(n.id), '{}')
    FROM alert_news(c, ARRAY(SELECT id FROM alert_outbox
                              WHERE channel_id = c.id AND state = 'pending' AND taken_at IS NULL
                                AND website_id IN (SELECT website_id FROM alert_outbox WHERE id = ANY (p_ids))),
                    p_now) n
   WHERE n.why IS NULL AND n.due_at <= p_now
$$;

-- Decides what of a channel is told now, and as what.
CREATE FUNCTION alert_take(p_channel integer, p_now timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  c       alert_channel;
  ids     bigint[];
  held    bigint[];
  singles bigint[];
  quiet   timestamptz;
  from_n  integer;
  waiting bigint;
BEGIN
  SELECT * INTO c FROM alert_channel WHERE id = p_channel FOR NO KEY UPDATE; -- first, as whoever removes one does
  IF c.removed_at IS NOT NULL OR NOT c.enabled THEN
    -- what was put while it went
    UPDATE alert_outbox SET state = 'dropped', done_at = now(),
           last_error = CASE WHEN c.removed_at IS NULL THEN 'the channel was disabled'
                             ELSE 'the channel was removed' END
     WHERE channel_id = c.id AND state = 'pending';
    RETURN;
  END IF;
  ids := ARRAY(SELECT id FROM alert_outbox WHERE channel_id = c.id AND state = 'pending' AND taken_at IS NULL
                AND (next_try_at IS NULL OR next_try_at <= p_now) ORDER BY id LIMIT 10000);
  UPDATE alert_outbox SET taken_at = p_now WHERE id = ANY (ids) AND (at_once OR incident_id IS NULL);

  -- what is no news, also of what was to be looked at later
  UPDATE alert_outbox o SET state = CASE WHEN n.told_by IS NULL THEN 'dropped' ELSE 'grouped' END, told_by = n.told_by,
         last_error = CASE WHEN n.told_by IS NULL THEN n.why ELSE '' END, done_at = now()
    FROM alert_news(c, ARRAY(SELECT id FROM alert_outbox
                              WHERE channel_id = c.id AND state = 'pending' AND taken_at IS NULL
                                AND incident_id IN (SELECT incident_id FROM alert_outbox WHERE id = ANY (ids))),
                    p_now) n
   WHERE o.id = n.id AND n.why IS NOT NULL;
  UPDATE alert_outbox o SET next_try_at = n.due_at
    FROM alert_news(c, ids, p_now) n WHERE o.id = n.id AND o.state = 'pending' AND o.taken_at IS NULL
                                       AND n.due_at > p_now;
  ids := ARRAY(SELECT id FROM alert_outbox WHERE id = ANY (ids) AND state = 'pending' AND taken_at IS NULL
                AND (next_try_at IS NULL OR next_try_at <= p_now));
  IF ids = '{}' THEN
    RETURN;
  END IF;

  quiet := alert_quiet_until(c.rules, p_now);
  IF quiet IS NOT NULL THEN
    held := ARRAY(SELECT id FROM alert_outbox WHERE id = ANY (ids)
                   AND NOT coalesce(c.rules->'quietHours'->'except' ? (payload->>'severity'), false));
    ids := ARRAY(SELECT unnest(ids) EXCEPT SELECT unnest(held));
    held := alert_collapse(alert_gather(c, held, p_now));
    UPDATE alert_outbox SET next_try_at = quiet WHERE id = ANY (held);
  END IF;

  -- what has waited says only what has become of it
  held := ARRAY(SELECT id FROM alert_outbox
                 WHERE id = ANY (ids) AND state = 'pending' AND at <= p_now - interval '5 s');
  PERFORM alert_collapse(held);
  ids := ARRAY(SELECT id FROM alert_outbox WHERE id = ANY (ids) AND state = 'pending');
  IF ids = '{}' THEN
    RETURN;
  END IF;

  -- a few are told at once
  from_n := coalesce((c.rules->>'digestFrom')::integer, 10);
  singles := ARRAY(SELECT id FROM alert_outbox o WHERE id = ANY (ids) AND NOT alert_is_late(o));
  waiting := (SELECT count(*) FROM alert_outbox WHERE channel_id = c.id AND state = 'pending' AND taken_at IS NULL
                                                  AND next_try_at = c.digest_at AND NOT id = ANY (ids));
  IF (SELECT messages FROM alert_told(c.id, p_now - interval '1 hour')) + cardinality(singles)
       <= coalesce((c.rules->>'perHour')::integer, 60) - alert_kept(c.rules)
     AND (from_n = 0 OR (SELECT alerts FROM alert_told(c.id, p_now - interval '1 minute'))
                        + cardinality(singles) + waiting <= from_n) THEN
    PERFORM alert_tell(singles, p_now);
    ids := ARRAY(SELECT unnest(ids) EXCEPT SELECT unnest(singles));
  END IF;

  -- the others together, in a moment
  IF ids = '{}' THEN
    RETURN;
  END IF;
  IF NOT EXISTS (SELECT FROM alert_outbox WHERE channel_id = c.id AND state = 'pending' AND taken_at IS NULL
                                            AND next_try_at = c.digest_at) THEN
    c.digest_at := NULL; -- what was gathered for it was no news
  END IF;
  c.digest_at := greatest(coalesce(c.digest_at, p_now + interval '5 s'), alert_digest_from(c, p_now));
  ids := alert_collapse(alert_gather(c, ids, p_now));
  IF c.digest_at <= p_now THEN
    PERFORM alert_tell_together(c, ids, p_now);
    c.digest_at := NULL;
  ELSE
    UPDATE alert_outbox SET next_try_at = c.digest_at WHERE id = ANY (ids);
  END IF;
  UPDATE alert_channel SET digest_at = c.digest_at WHERE id = c.id;
END $$;

-- Of all channels for which something waits, one after the other.
CREATE FUNCTION alert_take_due(p_now timestamptz) RETURNS void LANGUAGE sql AS $$
  SELECT alert_take(id, p_now)
    FROM (SELECT id FROM alert_channel c
           WHERE EXISTS (SELECT FROM alert_outbox WHERE channel_id = c.id AND state = 'pending' AND taken_at IS NULL
                           AND (next_try_at IS NULL OR next_try_at <= p_now))
           ORDER BY id) AS due
$$;

-- Whether something is still to be delivered first: what else is told of the incident, by itself or by a digest.
CREATE FUNCTION alert_has_former(x alert_outbox) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (SELECT FROM alert_outbox former
                  WHERE former.incident_id = x.incident_id AND former.channel_id = x.channel_id
                    AND former.state = 'pending' AND former.taken_at IS NOT NULL AND former.id < x.id)
      OR EXISTS (SELECT FROM alert_outbox part JOIN alert_outbox whole ON whole.id = part.told_by
                  WHERE part.incident_id = x.incident_id AND part.channel_id = x.channel_id
                    AND whole.state = 'pending' AND whole.taken_at IS NOT NULL AND whole.id < x.id)
      OR x.kind = 'digest'
         AND EXISTS (SELECT FROM alert_outbox part JOIN alert_outbox former ON former.incident_id = part.incident_id
                      WHERE part.told_by = x.id AND former.channel_id = x.channel_id AND former.state = 'pending'
                        AND former.taken_at IS NOT NULL AND former.id < x.id)
$$;

-- Reminders -----------------------------------------------------------------------------------------

-- Of what was told, is open, and nobody takes care of: once so much time has passed since it was told last.
CREATE FUNCTION alert_remind(p_now timestamptz) RETURNS void LANGUAGE sql AS $$
  INSERT INTO alert_outbox (channel_id, incident_id, website_id, kind, payload, at)
  SELECT c.id, i.id, i.website_id, 'incident.reminder',
         alert_facts(i) || jsonb_build_object('at', rfc3339(p_now)), p_now
    FROM alert_channel c JOIN incident i ON i.organisation_id = c.organisation_id,
         LATERAL (SELECT max(o.taken_at) AS last, count(*) FILTER (WHERE o.kind = 'incident.reminder') AS n,
                         bool_or(o.state = 'pending') AS waits
                    FROM alert_outbox o WHERE o.incident_id = i.id AND o.channel_id = c.id) AS told
   WHERE c.removed_at IS NULL AND c.enabled AND c.rules ? 'reminderSeconds'
     AND i.closed_at IS NULL AND i.acknowledged_at IS NULL
     AND NOT EXISTS (SELECT FROM incident above WHERE above.id = i.suppressed_by AND above.closed_at IS NULL)
     AND told.last <= p_now - interval '1 s' * (c.rules->>'reminderSeconds')::integer AND told.n < 24 AND NOT told.waits
$$;

REVOKE ALL ON FUNCTION alert_take(integer, timestamptz), alert_take_due(timestamptz), alert_remind(timestamptz),
  alert_collapse(bigint[]), alert_tell(bigint[], timestamptz),
  alert_tell_together(alert_channel, bigint[], timestamptz) FROM public;
