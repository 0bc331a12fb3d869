-- oldest-program: 0.1.0
-- Alerts for an Alertmanager, for programs that root named, and for what Apprise knows. Where settings are secret,
-- `secret` has all of them, sealed, and `settings` those that may be seen.
ALTER TABLE alert_channel
  DROP CONSTRAINT alert_channel_kind,
  ADD CONSTRAINT alert_channel_kind CHECK (kind IN ('webhook', 'email', 'alertmanager', 'exec', 'apprise'));

-- What rests sealed of other kinds is no secret of the hub's making.
CREATE OR REPLACE FUNCTION channel_rotate(p_organisation integer, p_channel uuid, p_secret bytea, p_actor text)
RETURNS SETOF boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  c alert_channel := channel_hold(p_organisation, p_channel);
BEGIN
  IF c.id IS NULL THEN
    RETURN;
  ELSIF c.kind <> 'webhook' THEN
    PERFORM refuse('A channel of this kind has no secret that could be renewed.');
  END IF;
  UPDATE alert_channel SET secret = p_secret, former_secret = c.secret, former_until = now() + interval '1 day'
   WHERE id = c.id;
  RETURN NEXT channel_did(c, 'rotate', p_actor);
END $$;
