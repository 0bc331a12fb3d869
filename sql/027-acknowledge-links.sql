-- oldest-program: 0.1.0
-- Links in alerts by which an incident is acknowledged, each once.

-- Those that were used. The rest of a link, and whether it is genuine, is in its own text.
CREATE TABLE acknowledge_link (
  incident_id integer     NOT NULL REFERENCES incident ON DELETE CASCADE,
  channel_id  integer     NOT NULL REFERENCES alert_channel,
  ends_at     timestamptz NOT NULL,                        -- when it is good no more
  used_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (incident_id, channel_id, ends_at)
);

-- What a genuine link is about, and what it can do: 'open' (acknowledge it), or why not: 'expired', 'same' (it is
-- acknowledged already), 'closed', 'used'. p_use: it is used, in the transaction that acknowledges; 'done'. No row:
-- there is no such incident (any more), or no such channel of its organisation.
CREATE FUNCTION incident_link(p_incident uuid, p_channel uuid, p_ends_at timestamptz, p_use boolean)
RETURNS TABLE (outcome text, channel text, name text, url text, summary text, opened_at timestamptz,
               closed_at timestamptz, acknowledged_at timestamptz, acknowledged_by text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
  c    alert_channel;
  it   incident;
  word text := 'open';
BEGIN
  SELECT * INTO c FROM alert_channel WHERE public_id = p_channel AND removed_at IS NULL;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  IF p_use THEN
    it := incident_hold(c.organisation_id, p_incident);
  ELSE
    SELECT * INTO it FROM incident WHERE public_id = p_incident AND organisation_id = c.organisation_id;
  END IF;
  IF it.id IS NULL THEN
    RETURN;
  ELSIF clock_timestamp() >= p_ends_at THEN
    word := 'expired';
  ELSIF it.acknowledged_at IS NOT NULL THEN
    word := 'same';
  ELSIF it.closed_at IS NOT NULL THEN
    word := 'closed';
  ELSIF EXISTS (SELECT FROM acknowledge_link
                 WHERE incident_id = it.id AND channel_id = c.id AND ends_at = p_ends_at) THEN
    word := 'used';
  ELSIF p_use THEN
    INSERT INTO acknowledge_link (incident_id, channel_id, ends_at) VALUES (it.id, c.id, p_ends_at);
    PERFORM incident_acknowledge(c.organisation_id, p_incident, 'link: ' || c.name);
    SELECT * INTO it FROM incident WHERE id = it.id;
    word := 'done';
  END IF;
  RETURN QUERY SELECT word, c.name, w.name, w.url, it.summary, it.opened_at, it.closed_at, it.acknowledged_at,
                      it.acknowledged_by FROM website w WHERE w.id = it.website_id;
END $$;
REVOKE ALL ON FUNCTION incident_link(uuid, uuid, timestamptz, boolean) FROM public;

DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'dpin-api') THEN
    GRANT SELECT ON acknowledge_link TO "dpin-api";
    GRANT EXECUTE ON FUNCTION incident_link(uuid, uuid, timestamptz, boolean) TO "dpin-api";
  END IF;
END $$;
