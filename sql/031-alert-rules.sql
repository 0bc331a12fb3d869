-- oldest-program: 0.1.0
-- When a channel of alerts is told, beside of what.

-- As src/store/alert-rules.h has them; a member that is absent has its default.
ALTER TABLE alert_channel ADD COLUMN rules jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(rules) = 'object');

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

-- Changes what is not NULL.
CREATE FUNCTION channel_change(p_organisation integer, p_channel uuid, p_name text, p_settings jsonb, p_filter jsonb,
                               p_rules jsonb, p_actor text) RETURNS SETOF boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  c alert_channel := channel_hold(p_organisation, p_channel);
BEGIN
  IF c.id IS NULL THEN
    RETURN;
  END IF;
  UPDATE alert_channel SET name = coalesce(p_name, name), settings = coalesce(p_settings, settings),
                           filter = coalesce(p_filter, filter), rules = coalesce(p_rules, rules) WHERE id = c.id;
  RETURN NEXT channel_did(c, 'change', p_actor);
END $$;
REVOKE ALL ON FUNCTION channel_change(integer, uuid, text, jsonb, jsonb, jsonb, text) FROM public;

DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'dpin-api') THEN
    GRANT SELECT (rules) ON alert_channel TO "dpin-api";
    GRANT EXECUTE ON FUNCTION channel_change(integer, uuid, text, jsonb, jsonb, jsonb, text) TO "dpin-api";
  END IF;
END $$;
