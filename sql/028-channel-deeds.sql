-- oldest-program: 0.1.0
-- What is done to channels of alerts, by whoever may: also by the API, which can read none of their secrets.

-- By this key, the public half of one that is the hub's alone, others seal what only the hub is to read.
ALTER TABLE hub_state ADD COLUMN alert_box bytea CHECK (length(alert_box) = 32);

-- What was the secret before, where the current one was sealed by others: they could not put it into the same seal.
ALTER TABLE alert_channel ADD COLUMN former_secret bytea;

-- Since when nothing was delivered, though it was tried.
ALTER TABLE alert_channel ADD COLUMN failing_since timestamptz;
UPDATE alert_channel SET failing_since = now() WHERE failures > 0;

CREATE FUNCTION channel_failing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.failing_since := CASE WHEN NEW.failures > 0 THEN coalesce(OLD.failing_since, now()) END;
  RETURN NEW;
END $$;
CREATE TRIGGER channel_failing BEFORE UPDATE OF failures ON alert_channel
  FOR EACH ROW EXECUTE FUNCTION channel_failing();

CREATE INDEX alert_outbox_by_channel ON alert_outbox (channel_id, id); -- of each channel the newest

-- The channel, held until the end of the transaction; without id: this organisation (0: none) has no such channel.
CREATE FUNCTION channel_hold(p_organisation integer, p_channel uuid) RETURNS alert_channel LANGUAGE sql AS $$
  SELECT * FROM alert_channel
   WHERE public_id = p_channel AND (p_organisation = 0 OR organisation_id = p_organisation) AND removed_at IS NULL
     FOR NO KEY UPDATE
$$;

CREATE FUNCTION channel_did(c alert_channel, p_action text, p_actor text) RETURNS boolean LANGUAGE sql AS $$
  INSERT INTO audit_log (actor, organisation_id, action, object)
  VALUES (p_actor, c.organisation_id, 'alert.channel.' || p_action, c.public_id::text) RETURNING true
$$;

-- Deeds: true when done; no row: there is no such channel, or alert. Organisation 0 is whichever. -----------------

CREATE FUNCTION channel_remove(p_organisation integer, p_channel uuid, p_actor text) RETURNS SETOF boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  c alert_channel := channel_hold(p_organisation, p_channel);
BEGIN
  IF c.id IS NULL THEN
    RETURN;
  END IF;
  UPDATE alert_channel SET removed_at = now(), secret = NULL, former_secret = NULL WHERE id = c.id;
  UPDATE alert_outbox SET state = 'dropped', done_at = now(), last_error = 'the channel was removed'
   WHERE channel_id = c.id AND state = 'pending';
  RETURN NEXT channel_did(c, 'remove', p_actor);
END $$;

CREATE FUNCTION channel_enable(p_organisation integer, p_channel uuid, p_actor text) RETURNS SETOF boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  c alert_channel := channel_hold(p_organisation, p_channel);
BEGIN
  IF c.id IS NULL THEN
    RETURN;
  END IF;
  UPDATE alert_channel SET enabled = true, disabled_reason = '', failures = 0 WHERE id = c.id;
  RETURN NEXT channel_did(c, 'enable', p_actor);
END $$;

-- A new secret, sealed; the one before it stays good for a day.
CREATE FUNCTION channel_rotate(p_organisation integer, p_channel uuid, p_secret bytea, p_actor text)
RETURNS SETOF boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  c alert_channel := channel_hold(p_organisation, p_channel);
BEGIN
  IF c.id IS NULL THEN
    RETURN;
  ELSIF c.secret IS NULL THEN
    PERFORM refuse('A channel of this kind has no secret.');
  END IF;
  UPDATE alert_channel SET secret = p_secret, former_secret = c.secret, former_until = now() + interval '1 day'
   WHERE id = c.id;
  RETURN NEXT channel_did(c, 'rotate', p_actor);
END $$;

-- Puts an alert of kind "test", with this id, into its outbox.
CREATE FUNCTION channel_test(p_organisation integer, p_channel uuid, p_alert uuid, p_actor text) RETURNS SETOF boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  c alert_channel := channel_hold(p_organisation, p_channel);
BEGIN
  IF c.id IS NULL THEN
    RETURN;
  ELSIF NOT c.enabled THEN
    PERFORM refuse('This channel is disabled: enable it first.');
  ELSIF (SELECT count(*) FROM alert_outbox WHERE channel_id = c.id AND state = 'pending' AND kind = 'test') >= 10 THEN
    PERFORM refuse('Ten tests of this channel wait already: it takes no more.');
  END IF;
  INSERT INTO alert_outbox (public_id, channel_id, kind, payload)
  VALUES (p_alert, c.id, 'test', jsonb_build_object('name', c.name, 'openedAt', rfc3339(now())));
  PERFORM pg_notify('dpin_alert', '');
  RETURN NEXT channel_did(c, 'test', p_actor);
END $$;

-- To be delivered once more, under the same id, whatever became of it.
CREATE FUNCTION alert_again(p_organisation integer, p_alert uuid, p_actor text) RETURNS SETOF boolean
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
                          last_error = '' WHERE public_id = p_alert;
  PERFORM pg_notify('dpin_alert', '');
  INSERT INTO audit_log (actor, organisation_id, action, object)
  VALUES (p_actor, c.organisation_id, 'alert.replay', p_alert::text);
  RETURN NEXT true;
END $$;

REVOKE ALL ON FUNCTION channel_hold(integer, uuid), channel_did(alert_channel, text, text),
  channel_remove(integer, uuid, text), channel_enable(integer, uuid, text),
  channel_rotate(integer, uuid, bytea, text), channel_test(integer, uuid, uuid, text),
  alert_again(integer, uuid, text) FROM public;

DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'dpin-api') THEN
    GRANT SELECT (failing_since) ON alert_channel TO "dpin-api";
    GRANT EXECUTE ON FUNCTION channel_remove(integer, uuid, text), channel_enable(integer, uuid, text),
      channel_rotate(integer, uuid, bytea, text), channel_test(integer, uuid, uuid, text),
      alert_again(integer, uuid, text) TO "dpin-api";
  END IF;
END $$;
