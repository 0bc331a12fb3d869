-- oldest-program: 0.1.0
-- Alerts are due by hub time, whatever the database's clock says; and whoever puts them waits for nobody.

-- Whoever opens or closes incidents, many in a transaction, meets those who write down how tries ended or remove a
-- channel (its row first, then its alerts) in any order: so here what somebody else holds is left alone. One that is
-- being written down has been told and cannot be taken back; and of those refused at such a moment none is counted.
CREATE OR REPLACE FUNCTION alert_put(p_incident incident, p_kind text, p_at timestamptz) RETURNS void
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
  FOR c IN SELECT id FROM alert_channel WHERE organisation_id = p_incident.organisation_id AND removed_at IS NULL
                                          AND enabled AND alert_wanted(filter, p_kind, facts) ORDER BY id
  LOOP
    IF (SELECT count(*) FROM (SELECT FROM alert_outbox WHERE channel_id = c AND state = 'pending' LIMIT 10000) waiting)
       < 10000 THEN
      INSERT INTO alert_outbox (channel_id, incident_id, kind, payload, next_try_at)
      VALUES (c, p_incident.id, p_kind, facts, p_at);
    ELSE
      UPDATE alert_channel SET refused = refused + 1
       WHERE id = (SELECT id FROM alert_channel WHERE id = c FOR NO KEY UPDATE SKIP LOCKED);
    END IF;
    PERFORM pg_notify('dpin_alert', '');
  END LOOP;
END $$;

-- Of an incident that is to be told of later than p_now, which is hub time, nothing is told.
DROP FUNCTION alert_take_back(integer, text);
CREATE FUNCTION alert_take_back(p_incident integer, p_now timestamptz, p_why text) RETURNS void LANGUAGE sql AS $$
  UPDATE alert_outbox SET state = 'dropped', last_error = p_why, done_at = now()
   WHERE id IN (SELECT id FROM alert_outbox
                 WHERE incident_id = p_incident AND state = 'pending' AND tries = 0
                   AND channel_id IN (SELECT channel_id FROM alert_outbox
                                       WHERE incident_id = p_incident AND state = 'pending' AND tries = 0
                                         AND next_try_at > p_now)
                   FOR UPDATE SKIP LOCKED)
$$;

-- As before, by the incident's own time.
CREATE OR REPLACE FUNCTION alert_closed(p_incident incident) RETURNS void LANGUAGE plpgsql AS $$
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
    ELSIF NOT EXISTS (SELECT FROM alert_outbox WHERE incident_id = child.id AND kind = 'incident.opened'
                                                 AND state <> 'dropped') THEN
      PERFORM alert_put(child, 'incident.opened', p_incident.closed_at
                        + 3 * interval '1 ms' * (SELECT interval_ms FROM website WHERE id = child.website_id));
    END IF;
  END LOOP;
END $$;

CREATE OR REPLACE FUNCTION alert_suppressed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM alert_take_back(NEW.id, (SELECT opened_at FROM incident WHERE id = NEW.suppressed_by),
                          'what it depends on is down');
  RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION alert_take_back(integer, timestamptz, text) FROM public;
