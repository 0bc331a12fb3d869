-- oldest-program: 0.1.0
-- Alerts: channels with their secrets and filters, an outbox that the incident's own transaction fills, and a log of
-- every delivery.

-- secret: sealed by the hub with a key that is not in the database. filter: {"websites": [id, ...], "events": [...],
-- "kinds": [...], "severities": [...]}; a member that is absent lets everything through.
ALTER TABLE alert_channel
  ADD COLUMN secret          bytea,
  ADD COLUMN former_until    timestamptz,                  -- so long the secret before the last one is good, too
  ADD COLUMN filter          jsonb   NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(filter) = 'object'),
  ADD COLUMN enabled         boolean NOT NULL DEFAULT true,
  ADD COLUMN disabled_reason text    NOT NULL DEFAULT '',
  ADD COLUMN failures        integer NOT NULL DEFAULT 0,   -- in a row, of whatever was to be delivered
  ADD COLUMN refused         bigint  NOT NULL DEFAULT 0,   -- alerts that were too many: nobody waits for them
  ADD CONSTRAINT alert_channel_kind CHECK (kind IN ('webhook', 'email'));
CREATE INDEX alert_channel_by_organisation ON alert_channel (organisation_id) WHERE removed_at IS NULL;

-- public_id is what receivers know an alert by, however often it comes. next_try_at NULL: at once.
ALTER TABLE alert_outbox
  ADD COLUMN public_id  uuid        NOT NULL UNIQUE DEFAULT gen_random_uuid(),
  ADD COLUMN state      text        NOT NULL DEFAULT 'pending'
    CHECK (state IN ('pending', 'delivered', 'failed', 'dropped')),
  ADD COLUMN queued_at  timestamptz NOT NULL DEFAULT now(), -- its age counts from here: a replay begins anew
  ADD COLUMN last_error text        NOT NULL DEFAULT '',
  ADD CONSTRAINT alert_outbox_done CHECK ((state = 'pending') = (done_at IS NULL));
CREATE INDEX alert_outbox_pending ON alert_outbox (channel_id, next_try_at NULLS FIRST, id) WHERE state = 'pending';
CREATE INDEX alert_outbox_by_done ON alert_outbox (done_at) WHERE done_at IS NOT NULL;

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

-- What is known of an incident at this moment, for whoever is told.
CREATE FUNCTION alert_facts(p_incident incident) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_strip_nulls(jsonb_build_object(
    'incidentId', p_incident.public_id, 'websiteId', w.public_id, 'url', w.url, 'name', w.name,
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

CREATE FUNCTION alert_wanted(p_filter jsonb, p_kind text, p_facts jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
  SELECT (NOT p_filter ? 'events' OR p_filter->'events' ? p_kind)
     AND (NOT p_filter ? 'websites' OR p_filter->'websites' ? (p_facts->>'websiteId'))
     AND (NOT p_filter ? 'kinds' OR p_filter->'kinds' ? (p_facts->>'kind'))
     AND (NOT p_filter ? 'severities' OR p_filter->'severities' ? (p_facts->>'severity'))
$$;

-- Puts it into the outbox of every channel that wants it, to go out at p_at (NULL: at once). A channel with 10000 that
-- wait gets no more.
CREATE FUNCTION alert_put(p_incident incident, p_kind text, p_at timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  facts jsonb;
  c     integer;
BEGIN
  IF NOT EXISTS (SELECT FROM alert_channel
                  WHERE organisation_id = p_incident.organisation_id AND removed_at IS NULL) THEN
    RETURN;
  END IF;
  facts := alert_facts(p_incident);
  FOR c IN SELECT id FROM alert_channel WHERE organisation_id = p_incident.organisation_id AND removed_at IS NULL
                                          AND enabled AND alert_wanted(filter, p_kind, facts) ORDER BY id
  LOOP
    IF (SELECT count(*) FROM (SELECT FROM alert_outbox WHERE channel_id = c AND state = 'pending' LIMIT 10000) waiting)
       < 10000 THEN
      INSERT INTO alert_outbox (channel_id, incident_id, kind, payload, next_try_at)
      VALUES (c, p_incident.id, p_kind, facts, p_at);
    ELSE
      UPDATE alert_channel SET refused = refused + 1 WHERE id = c;
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

-- Of an incident that is to be told of later nothing is told.
CREATE FUNCTION alert_take_back(p_incident integer, p_why text) RETURNS void LANGUAGE sql AS $$
  UPDATE alert_outbox SET state = 'dropped', last_error = p_why, done_at = now()
   WHERE incident_id = p_incident AND state = 'pending' AND tries = 0
     AND channel_id IN (SELECT channel_id FROM alert_outbox
                         WHERE incident_id = p_incident AND state = 'pending' AND tries = 0 AND next_try_at > now())
$$;

-- The end of one that was kept quiet is told only where its beginning was. What depended on it, is still down and was
-- not told of gets three intervals to come up, too: whoever does not is told of then, unless something else that it
-- depends on is down.
CREATE FUNCTION alert_closed(p_incident incident) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  child incident;
  above integer;
BEGIN
  PERFORM alert_take_back(p_incident.id, 'it was over before');
  IF p_incident.suppressed_by IS NULL
     OR EXISTS (SELECT FROM alert_outbox WHERE incident_id = p_incident.id AND state <> 'dropped') THEN
    PERFORM alert_put(p_incident, 'incident.resolved', NULL);
  END IF;
  FOR child IN SELECT * FROM incident WHERE suppressed_by = p_incident.id AND closed_at IS NULL LOOP
    above := incident_above(child.website_id);
    IF above IS NOT NULL THEN
      UPDATE incident SET suppressed_by = above WHERE id = child.id;
    ELSIF NOT EXISTS (SELECT FROM alert_outbox WHERE incident_id = child.id AND kind = 'incident.opened'
                                                 AND state <> 'dropped') THEN
      PERFORM alert_put(child, 'incident.opened',
                        now() + 3 * interval '1 ms' * (SELECT interval_ms FROM website WHERE id = child.website_id));
    END IF;
  END LOOP;
END $$;

-- What was about to be told is not, when something that it depends on goes down meanwhile.
CREATE FUNCTION alert_suppressed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM alert_take_back(NEW.id, 'what it depends on is down');
  RETURN NULL;
END $$;
CREATE INDEX alert_outbox_by_incident ON alert_outbox (incident_id) WHERE incident_id IS NOT NULL;
CREATE INDEX incident_by_suppressor ON incident (suppressed_by) WHERE suppressed_by IS NOT NULL;

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
    GRANT SELECT (id, public_id, organisation_id, kind, name, settings, filter, enabled, disabled_reason, failures,
                  refused, created_at, removed_at) ON alert_channel TO "dpin-api";
    GRANT SELECT ON alert_delivery TO "dpin-api";
  END IF;
END $$;
REVOKE ALL ON FUNCTION alert_put(incident, text, timestamptz), alert_closed(incident), alert_take_back(integer, text),
  alert_incident(), alert_suppressed(),
  alert_settle(bigint, text, timestamptz, integer, integer, text, boolean) FROM public;
