-- oldest-program: 0.1.0
-- Settings with something secret in them are set by whoever may, also by the API, which seals them for the hub.

-- What is secret is never in what may be seen.
ALTER TABLE alert_channel
  ADD CONSTRAINT alert_channel_shown
    CHECK (NOT settings ?| '{password,token}' AND (kind <> 'apprise' OR NOT settings ? 'url')),
  ADD COLUMN sealed boolean NOT NULL GENERATED ALWAYS AS (secret IS NOT NULL AND kind <> 'webhook') STORED;

-- What is NULL stays. A webhook's secret is not part of its settings; that of others is, and goes with them.
DROP FUNCTION channel_change(integer, uuid, text, jsonb, jsonb, jsonb, text);
CREATE FUNCTION channel_change(p_organisation integer, p_channel uuid, p_name text, p_settings jsonb, p_filter jsonb,
                               p_rules jsonb, p_sealed bytea, p_actor text) RETURNS SETOF boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  c alert_channel := channel_hold(p_organisation, p_channel);
BEGIN
  IF c.id IS NULL THEN
    RETURN;
  END IF;
  UPDATE alert_channel SET name = coalesce(p_name, name), settings = coalesce(p_settings, settings),
                           filter = coalesce(p_filter, filter), rules = coalesce(p_rules, rules),
                           secret = CASE WHEN p_settings IS NULL OR kind = 'webhook' THEN secret ELSE p_sealed END
   WHERE id = c.id;
  RETURN NEXT channel_did(c, 'change', p_actor);
END $$;

REVOKE ALL ON FUNCTION channel_change(integer, uuid, text, jsonb, jsonb, jsonb, bytea, text) FROM public;

DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'dpin-api') THEN
    GRANT SELECT (sealed) ON alert_channel TO "dpin-api";
    GRANT EXECUTE ON FUNCTION channel_change(integer, uuid, text, jsonb, jsonb, jsonb, bytea, text) TO "dpin-api";
  END IF;
END $$;
