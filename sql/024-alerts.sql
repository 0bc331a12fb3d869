-- oldest-program: 0.1.0
-- Alerts: channels with their secrets, filters and rules, an outbox that the incident's own transaction fills, and a
-- log of every delivery.

-- secret: sealed for the hub with a key that is not in the database: that of a webhook; of other kinds all settings,
-- where some are secret, and `settings` are those that may be seen. filter: {"websites": [id, ...], "tags": [...],
-- "events": [...], "kinds": [...], "severities": [...]}; a member that is absent lets everything through. rules: as
-- src/store/alert-rules.h has them; a member that is absent has its default.
ALTER TABLE alert_channel
  ADD COLUMN secret          bytea,
  ADD COLUMN former_secret   bytea,                        -- the one before, where others sealed the current one
  ADD COLUMN former_until    timestamptz,                  -- so long the secret before the last one is good, too
  ADD COLUMN sealed          boolean NOT NULL GENERATED ALWAYS AS (secret IS NOT NULL AND kind <> 'webhook') STORED,
  ADD COLUMN filter          jsonb   NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(filter) = 'object'),
  ADD COLUMN rules           jsonb   NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(rules) = 'object'),
  ADD COLUMN enabled         boolean NOT NULL DEFAULT true,
  ADD COLUMN disabled_reason text    NOT NULL DEFAULT '',
  ADD COLUMN failures        integer NOT NULL DEFAULT 0,   -- in a row, of whatever was to be delivered
  ADD COLUMN failing_since   timestamptz,                  -- nothing was delivered since, though it was tried
  ADD COLUMN refused         bigint  NOT NULL DEFAULT 0,   -- alerts that were too many: nobody waits for them
  ADD COLUMN digest_at       timestamptz,                  -- when the digest that is being gathered is told; NULL: none
  ADD COLUMN last_digest_at  timestamptz,
  ADD CONSTRAINT alert_channel_kind CHECK (kind IN ('webhook', 'email', 'alertmanager', 'exec', 'apprise')),
  ADD CONSTRAINT alert_channel_shown -- what is secret is never in what may be seen
    CHECK (NOT settings ?| '{password,token}' AND (kind <> 'apprise' OR NOT settings ? 'url'));
CREATE INDEX alert_channel_by_organisation ON alert_channel (organisation_id) WHERE removed_at IS NULL;

-- Which zones there are is this server's to know.
CREATE FUNCTION alert_channel_check() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  zone text := NEW.rules->'quietHours'->>'timeZone';
BEGIN
  IF zone ~ '^(posix|localtime)'
     OR zone IS NOT NULL AND NOT EXISTS (SELECT FROM pg_timezone_names WHERE name = zone) THEN
    PERFORM refuse('This time zone is not known: it is named like Europe/Berlin or UTC.');
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER alert_channel_check BEFORE INSERT OR UPDATE OF rules ON alert_channel
  FOR EACH ROW EXECUTE FUNCTION alert_channel_check();

CREATE FUNCTION channel_failing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.failing_since := CASE WHEN NEW.failures > 0 THEN coalesce(OLD.failing_since, now()) END;
  RETURN NEW;
END $$;
CREATE TRIGGER channel_failing BEFORE UPDATE OF failures ON alert_channel
  FOR EACH ROW EXECUTE FUNCTION channel_failing();

-- By this key, the public half of one that is the hub's alone, others seal what only the hub is to read.
ALTER TABLE hub_state ADD COLUMN alert_box bytea CHECK (length(alert_box) = 32);

-- public_id is what receivers know an alert by, however often it comes. Of what waits (taken_at NULL) next_try_at is
-- when it is looked at again, of what is told when it is tried again; NULL: at once.
ALTER TABLE alert_outbox
  ADD COLUMN public_id  uuid        NOT NULL UNIQUE DEFAULT gen_random_uuid(),
  ADD COLUMN state      text        NOT NULL DEFAULT 'pending',
  ADD COLUMN website_id integer     REFERENCES website,    -- of the incident
  ADD COLUMN at         timestamptz NOT NULL DEFAULT now(), -- when it happened
  ADD COLUMN not_before timestamptz,                       -- it is not to be told; NULL: no matter when
  ADD COLUMN taken_at   timestamptz,                       -- NULL: it waits to be told
  ADD COLUMN at_once    boolean     NOT NULL DEFAULT false, -- whatever the rules say, for somebody asked for it
  ADD COLUMN covers     integer     NOT NULL DEFAULT 1,    -- alerts that it tells of
  ADD COLUMN told_by    bigint      REFERENCES alert_outbox ON DELETE SET NULL, -- of a grouped one: what tells of it
  ADD COLUMN served     jsonb       NOT NULL DEFAULT '[]'  -- of a mail to several: a list of addresses who have it
    CHECK (jsonb_typeof(served) = 'array'),
  ADD COLUMN last_error text        NOT NULL DEFAULT '',
  ADD CONSTRAINT alert_outbox_state CHECK (state IN ('pending', 'delivered', 'failed', 'dropped', 'grouped')),
  ADD CONSTRAINT alert_outbox_done CHECK ((state = 'pending') = (done_at IS NULL));
CREATE INDEX alert_outbox_pending ON alert_outbox (channel_id, next_try_at NULLS FIRST, id)
  WHERE state = 'pending' AND taken_at IS NOT NULL;
CREATE INDEX alert_outbox_waiting ON alert_outbox (channel_id, next_try_at NULLS FIRST, id)
  WHERE state = 'pending' AND taken_at IS NULL;
CREATE INDEX alert_outbox_waiting_of ON alert_outbox (channel_id, website_id)
  WHERE state = 'pending' AND taken_at IS NULL;
CREATE INDEX alert_outbox_taken ON alert_outbox (channel_id, taken_at)
  WHERE taken_at IS NOT NULL AND state <> 'grouped';
CREATE INDEX alert_outbox_told_by ON alert_outbox (told_by) WHERE told_by IS NOT NULL;
CREATE INDEX alert_outbox_by_done ON alert_outbox (done_at) WHERE done_at IS NOT NULL;
CREATE INDEX alert_outbox_by_incident ON alert_outbox (incident_id) WHERE incident_id IS NOT NULL;
CREATE INDEX alert_outbox_by_channel ON alert_outbox (channel_id, id); -- of each channel the newest
CREATE INDEX incident_by_suppressor ON incident (suppressed_by) WHERE suppressed_by IS NOT NULL;

-- A line for each try.
CREATE TABLE alert_delivery (
  id        bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  outbox_id bigint      NOT NULL REFERENCES alert_outbox ON DELETE CASCADE,
  at        timestamptz NOT NULL DEFAULT clock_timestamp(),
  took_ms   integer     NOT NULL,
  ok        boolean     NOT NULL,
  status    integer     NOT NULL,                          -- of the receiver's answer; 0: there was none
  error     text        NOT NULL
);
CREATE INDEX alert_delivery_by_outbox ON alert_delivery (outbox_id, id);

-- Putting -------------------------------------------------------------------------------------------

-- Whoever opens or closes incidents, many in a transaction, meets those who write down how tries ended or remove a
-- channel (its row first, then its alerts) in any order: so here what somebody else holds is left alone. One that is
-- being written down has been told and cannot be taken back; and of those refused at such a moment none is counted.

-- What is known of an incident at this moment, for whoever is told.
CREATE FUNCTION alert_facts(p_incident incident) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_strip_nulls(jsonb_build_object(
    'incidentId', p_incident.public_id, 'websiteId', w.public_id, 'url', w.url, 'name', w.name,
    'tags', nullif(to_jsonb(w.tags), '[]'),
    'kind', p_incident.kind, 'severity', p_incident.severity, 'cause', p_incident.cause,
    'summary', nullif(p_incident.summary, ''),
    'openedAt', rfc3339(p_incident.opened_at), 'firstEvidenceAt', rfc3339(p_incident.first_evidence_at),
    'closedAt', rfc3339(p_incident.closed_at),
    'seconds', extract(epoch FROM p_incident.closed_at - p_incident.opened_at)::bigint,
    'ending', CASE WHEN p_incident.closed_at IS NULL THEN NULL WHEN w.removed_at IS NOT NULL THEN 'removed'
                   WHEN w.paused THEN 'paused' ELSE 'recovered' END,
    'assurance', s.assurance, 'seats', s.n,
    'down', (SELECT count(*) FROM jsonb_array_elements(s.votes) v WHERE v->>'vote' = 'down'),
    'regions', (SELECT jsonb_agg(DISTINCT d.region) FROM jsonb_array_elements(s.votes) v
                  JOIN validator d ON key_text(d.key) = v->>'validatorId'
                 WHERE v->>'vote' = 'down' AND d.region <> '')))
    FROM website w LEFT JOIN verdict_span s ON s.website_id = w.id AND s.ended_at IS NULL
   WHERE w.id = p_incident.website_id
$$;

-- Any of the tags will do.
CREATE FUNCTION alert_wanted(p_filter jsonb, p_kind text, p_facts jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
  SELECT (NOT p_filter ? 'events' OR p_filter->'events' ? p_kind)
     AND (NOT p_filter ? 'websites' OR p_filter->'websites' ? (p_facts->>'websiteId'))
     AND (NOT p_filter ? 'tags' OR p_filter->'tags' ?| ARRAY(SELECT jsonb_array_elements_text(p_facts->'tags')))
     AND (NOT p_filter ? 'kinds' OR p_filter->'kinds' ? (p_facts->>'kind'))
     AND (NOT p_filter ? 'severities' OR p_filter->'severities' ? (p_facts->>'severity'))
$$;

-- Into the outbox of every channel that wants it, unless it has been told there. The channel itself is not waited for:
-- whoever holds it waits for alerts, in turn, and a refusal less is counted. A channel with 10000 that wait gets
-- no more.
CREATE FUNCTION alert_put(p_incident incident, p_kind text, p_not_before timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  facts jsonb;
  c     integer;
BEGIN
  IF NOT EXISTS (SELECT FROM alert_channel
                  WHERE organisation_id = p_incident.organisation_id AND removed_at IS NULL) THEN
    RETURN;
  END IF;
  facts := alert_facts(p_incident);
  FOR c IN SELECT id FROM alert_channel k
            WHERE organisation_id = p_incident.organisation_id AND removed_at IS NULL AND enabled
              AND alert_wanted(filter, p_kind, facts)
              AND NOT (p_kind = 'incident.resolved' AND rules @> '{"recovery": false}')
              AND NOT (p_kind = 'incident.opened'
                       AND EXISTS (SELECT FROM alert_outbox o
                                    WHERE o.incident_id = p_incident.id AND o.channel_id = k.id AND o.kind = p_kind
                                      AND o.state <> 'dropped'))
            ORDER BY id
  LOOP
    IF (SELECT count(*) FROM (SELECT FROM alert_outbox WHERE channel_id = c AND state = 'pending' LIMIT 10000) waiting)
       < 10000 THEN
      INSERT INTO alert_outbox (channel_id, incident_id, website_id, kind, payload, not_before, at)
      VALUES (c, p_incident.id, p_incident.website_id, p_kind, facts, p_not_before,
              coalesce(p_not_before, CASE p_kind WHEN 'incident.resolved' THEN p_incident.closed_at
                                                 WHEN 'incident.escalated' THEN p_incident.last_evidence_at
                                                 ELSE p_incident.opened_at END));
    ELSE
      UPDATE alert_channel SET refused = refused + 1
       WHERE id = (SELECT id FROM alert_channel WHERE id = c FOR NO KEY UPDATE SKIP LOCKED);
    END IF;
    PERFORM pg_notify('dpin_alert', '');
  END LOOP;
END $$;

-- Whoever opens, escalates or closes an incident, its alerts are part of that transaction.
CREATE FUNCTION alert_incident() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.suppressed_by IS NULL THEN
      PERFORM alert_put(NEW, 'incident.opened', NULL);
    END IF;
  ELSIF NEW.closed_at IS NULL THEN
    IF NOT EXISTS (SELECT FROM incident WHERE id = NEW.suppressed_by AND closed_at IS NULL) THEN
      PERFORM alert_put(NEW, 'incident.escalated', NULL);
    END IF;
  ELSE
    PERFORM alert_closed(NEW);
  END IF;
  RETURN NULL;
END $$;

-- Of an incident that is to be told of later than p_now, which is hub time, nothing is told. What is being decided just
-- now is decided again then.
CREATE FUNCTION alert_take_back(p_incident integer, p_now timestamptz, p_why text) RETURNS void
LANGUAGE sql AS $$
  UPDATE alert_outbox SET state = 'dropped', last_error = p_why, done_at = now()
   WHERE id IN (SELECT id FROM alert_outbox o
                 WHERE incident_id = p_incident AND state = 'pending' AND taken_at IS NULL
                   AND EXISTS (SELECT FROM alert_outbox x
                                WHERE x.incident_id = p_incident AND x.channel_id = o.channel_id AND x.state = 'pending'
                                  AND x.taken_at IS NULL AND x.not_before > p_now)
                   FOR UPDATE SKIP LOCKED)
$$;

-- The end of one that was kept quiet is told only where its beginning was. What depended on it, is still down and was
-- not told of gets three intervals to come up, too: whoever does not is told of then, unless something else that it
-- depends on is down.
CREATE FUNCTION alert_closed(p_incident incident) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  child incident;
  above integer;
BEGIN
  PERFORM alert_take_back(p_incident.id, p_incident.closed_at, 'it was over before');
  IF p_incident.suppressed_by IS NULL
     OR EXISTS (SELECT FROM alert_outbox WHERE incident_id = p_incident.id AND state <> 'dropped') THEN
    PERFORM alert_put(p_incident, 'incident.resolved', NULL);
  END IF;
  FOR child IN SELECT * FROM incident WHERE suppressed_by = p_incident.id AND closed_at IS NULL LOOP
    above := incident_above(child.website_id);
    IF above IS NOT NULL THEN
      UPDATE incident SET suppressed_by = above WHERE id = child.id;
    ELSE
      PERFORM alert_put(child, 'incident.opened',
                        p_incident.closed_at
                        + 3 * interval '1 ms' * (SELECT interval_ms FROM website WHERE id = child.website_id));
    END IF;
  END LOOP;
END $$;

-- What was about to be told is not, when something that it depends on goes down meanwhile.
CREATE FUNCTION alert_suppressed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM alert_take_back(NEW.id, (SELECT opened_at FROM incident WHERE id = NEW.suppressed_by),
                          'what it depends on is down');
  RETURN NULL;
END $$;

CREATE TRIGGER incident_alert_opened AFTER INSERT ON incident
  FOR EACH ROW WHEN (NEW.closed_at IS NULL) EXECUTE FUNCTION alert_incident();
CREATE TRIGGER incident_alert_closed AFTER UPDATE OF closed_at ON incident
  FOR EACH ROW WHEN (OLD.closed_at IS NULL AND NEW.closed_at IS NOT NULL) EXECUTE FUNCTION alert_incident();
CREATE TRIGGER incident_alert_suppressed AFTER UPDATE OF suppressed_by ON incident
  FOR EACH ROW WHEN (NEW.suppressed_by IS DISTINCT FROM OLD.suppressed_by) EXECUTE FUNCTION alert_suppressed();
CREATE TRIGGER incident_alert_escalated AFTER UPDATE OF severity ON incident
  FOR EACH ROW WHEN (NEW.closed_at IS NULL AND
                     array_position('{info,warning,partial,down}'::text[], NEW.severity) >
                     array_position('{info,warning,partial,down}'::text[], OLD.severity))
  EXECUTE FUNCTION alert_incident();

-- How a try ended. p_state 'pending': it is tried again at p_next. Nothing happens to what is not pending (any more): a
-- channel that was removed meanwhile, or a hub that was overtaken by another one.
CREATE FUNCTION alert_settle(p_id bigint, p_state text, p_next timestamptz, p_took_ms integer, p_status integer,
                             p_error text, p_disable boolean) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  c integer := (SELECT channel_id FROM alert_outbox WHERE id = p_id);
BEGIN
  PERFORM FROM alert_channel WHERE id = c FOR NO KEY UPDATE; -- first, as whoever removes one does
  UPDATE alert_outbox SET state = p_state, tries = tries + 1, next_try_at = p_next, last_error = p_error,
         done_at = CASE WHEN p_state <> 'pending' THEN now() END
   WHERE id = p_id AND state = 'pending';
  IF NOT FOUND THEN
    RETURN;
  END IF;
  INSERT INTO alert_delivery (outbox_id, took_ms, ok, status, error)
  VALUES (p_id, p_took_ms, p_state = 'delivered', p_status, p_error);
  UPDATE alert_channel SET failures = CASE WHEN p_state = 'delivered' THEN 0 ELSE failures + 1 END
   WHERE id = c AND (p_state <> 'delivered' OR failures > 0);
  IF p_disable THEN
    UPDATE alert_channel SET enabled = false, disabled_reason = p_error WHERE id = c;
    UPDATE alert_outbox SET state = 'dropped', last_error = 'the channel was disabled', done_at = now()
     WHERE channel_id = c AND state = 'pending';
  END IF;
END $$;

DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'dpin-api') THEN
    REVOKE SELECT ON alert_channel FROM "dpin-api"; -- secrets, though sealed, are the hub's alone
    GRANT SELECT (id, public_id, organisation_id, kind, name, settings, sealed, filter, rules, enabled, disabled_reason,
                  failures, failing_since, refused, created_at, removed_at) ON alert_channel TO "dpin-api";
    GRANT SELECT ON alert_delivery TO "dpin-api";
  END IF;
END $$;
REVOKE ALL ON FUNCTION alert_put(incident, text, timestamptz), alert_closed(incident),
  alert_take_back(integer, timestamptz, text), alert_incident(), alert_suppressed(),
  alert_settle(bigint, text, timestamptz, integer, integer, text, boolean) FROM public;
