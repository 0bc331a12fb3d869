-- oldest-program: 0.1.0
-- Of a mail to several each is told once, however often it is sent for the sake of the others.

-- served: a list of addresses who have it.
ALTER TABLE alert_outbox ADD COLUMN served jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(served) = 'array');

-- Whoever wants it once more wants it for all of them.
CREATE OR REPLACE FUNCTION alert_again(p_organisation integer, p_alert uuid, p_actor text) RETURNS SETOF boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  c alert_channel := channel_hold(p_organisation, (
    SELECT c.public_id FROM alert_outbox o JOIN alert_channel c ON c.id = o.channel_id WHERE o.public_id = p_alert));
BEGIN
  IF c.id IS NULL THEN
    RETURN;
  ELSIF NOT c.enabled THEN
    PERFORM refuse('The channel of this alert is disabled: enable it first.');
  END IF;
  UPDATE alert_outbox SET state = 'pending', done_at = NULL, next_try_at = NULL, tries = 0, queued_at = now(),
                          last_error = '', served = '[]' WHERE public_id = p_alert;
  PERFORM pg_notify('dpin_alert', '');
  INSERT INTO audit_log (actor, organisation_id, action, object)
  VALUES (p_actor, c.organisation_id, 'alert.replay', p_alert::text);
  RETURN NEXT true;
END $$;
