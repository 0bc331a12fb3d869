-- Whether dpin is well is looked at every five seconds: that must not cost more with every website there is.

-- Of the few that matter one asks for: websites that are watched, channels that fail, channels that are told.
CREATE INDEX website_watched ON website (id) WHERE removed_at IS NULL AND NOT paused;
CREATE INDEX alert_channel_ailing ON alert_channel (id) WHERE removed_at IS NULL AND (failures > 0 OR NOT enabled);
CREATE INDEX alert_channel_told ON alert_channel (id) WHERE operator AND enabled AND removed_at IS NULL;

-- How many websites were without full assurance when all of them were last counted; hub time.
CREATE TABLE weak_count (
  id         boolean     PRIMARY KEY DEFAULT true CHECK (id),
  websites   bigint      NOT NULL,
  counted_at timestamptz NOT NULL
);

-- How many websites that are watched are without full assurance. Up to a hundred are counted each time; more are
-- counted once a minute, and whenever p_exact. The first hundred are taken as the index of such spans has them, website
-- by website: to join or to sort them may be planned by what the tables were like at some other time, and read all.
CREATE FUNCTION weak_websites(p_now timestamptz, p_exact boolean) RETURNS bigint
LANGUAGE plpgsql SET enable_sort = off AS $$
DECLARE
  n bigint;
BEGIN
  SELECT count(*) INTO n FROM (
    SELECT FROM verdict_span s
     WHERE ended_at IS NULL AND assurance <> 'full'
       AND (SELECT removed_at IS NULL AND NOT paused FROM website WHERE id = s.website_id)
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
   WHERE s.ended_at IS NULL AND s.assurance <> 'full' AND w.removed_at IS NULL AND NOT w.paused;
  INSERT INTO weak_count (websites, counted_at) VALUES (n, p_now)
      ON CONFLICT (id) DO UPDATE SET websites = excluded.websites, counted_at = excluded.counted_at;
  RETURN n;
END $$;

-- As before, of p_weak websites without full assurance.
DROP FUNCTION operator_troubles(integer, bigint, bigint);
CREATE FUNCTION operator_troubles(p_validators integer, p_weak bigint, p_free bigint, p_room bigint)
RETURNS TABLE (what text, object text, patience interval, detail text) LANGUAGE sql STABLE AS $$
  SELECT 'validators', '', interval '1 minute',
         'No validator that is approved is connected. See dpinctl validator list.'
   WHERE p_validators = 0 AND (SELECT true FROM website WHERE removed_at IS NULL AND NOT paused ORDER BY id LIMIT 1)
  UNION ALL
  SELECT 'assurance', '', interval '10 minutes',
         format('%s fewer validators of different operators than full assurance needs.',
                CASE p_weak WHEN 1 THEN 'A website has' ELSE p_weak || ' websites have' END)
   WHERE p_weak > 0
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

-- What has been wrong for long enough, and the channels that do not know of it; again: one that refused to.
CREATE FUNCTION operator_due(p_now timestamptz) RETURNS TABLE (a operator_alert, channel integer, again boolean)
LANGUAGE sql STABLE AS $$
  SELECT a, c, o.channel_id IS NOT NULL AND o.alert_id IS NULL
    FROM operator_alert a CROSS JOIN operator_channels(a.object) c
    LEFT JOIN operator_told o ON o.what = a.what AND o.object = a.object AND o.channel_id = c
   WHERE a.since + a.patience <= p_now AND operator_knows(o) IS NOT TRUE
   ORDER BY a.what, a.object, c
$$;

-- As before; what is told is counted for that.
CREATE OR REPLACE FUNCTION operator_look(p_now timestamptz, p_validators integer, p_free bigint, p_room bigint)
RETURNS integer[] LANGUAGE plpgsql AS $$
DECLARE
  t       record;
  made    bigint;
  missed  integer[] := '{}';
  weak    bigint    := weak_websites(p_now, EXISTS (SELECT FROM operator_due(p_now) d WHERE (d.a).what = 'assurance'));
BEGIN
  INSERT INTO operator_alert AS a (what, object, since, seen_at, patience, detail)
  SELECT what, object, p_now, p_now, patience, detail FROM operator_troubles(p_validators, weak, p_free, p_room)
      ON CONFLICT (what, object) DO UPDATE
     SET seen_at = p_now, patience = excluded.patience, detail = excluded.detail;
  FOR t IN SELECT * FROM operator_due(p_now) d WHERE (d.a).seen_at = p_now LOOP
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

REVOKE ALL ON FUNCTION weak_websites(timestamptz, boolean), operator_troubles(integer, bigint, bigint, bigint),
  operator_due(timestamptz) FROM public;
