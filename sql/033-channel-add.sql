-- oldest-program: 0.1.0
-- Channels of alerts are added by whoever may, also by the API: a bounded number of each organisation's.

CREATE FUNCTION channel_add(p_organisation integer, p_channel uuid, p_actor text, p_kind text, p_name text,
                            p_settings jsonb, p_filter jsonb, p_rules jsonb, p_secret bytea) RETURNS SETOF boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  c alert_channel;
BEGIN
  PERFORM FROM organisation WHERE id = p_organisation FOR NO KEY UPDATE; -- one after the other is counted
  IF (SELECT count(*) FROM alert_channel WHERE organisation_id = p_organisation AND removed_at IS NULL) >= 100 THEN
    PERFORM refuse('An organisation has at most 100 channels of alerts: remove one first.');
  END IF;
  INSERT INTO alert_channel (public_id, organisation_id, kind, name, settings, filter, rules, secret)
  VALUES (p_channel, p_organisation, p_kind, p_name, p_settings, p_filter, p_rules, p_secret) RETURNING * INTO c;
  RETURN NEXT channel_did(c, 'add', p_actor);
END $$;

REVOKE ALL ON FUNCTION channel_add(integer, uuid, text, text, text, jsonb, jsonb, jsonb, bytea) FROM public;

DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'dpin-api') THEN
    GRANT EXECUTE ON FUNCTION channel_add(integer, uuid, text, text, text, jsonb, jsonb, jsonb, bytea) TO "dpin-api";
  END IF;
END $$;
