-- oldest-program: 0.1.0
-- What is done to channels of alerts, by whoever may: also by the API, which can read none of their secrets.

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

-- Of each organisation's a bounded number.
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

-- What is NULL stays. A webhook's secret is not part of its settings; that of others is, and goes with them.
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

-- A new secret, sealed; the one before it stays good for a day. What rests sealed of other kinds is no secret of the
-- hub's making.
CREATE FUNCTION channel_rotate(p_organisation integer, p_channel uuid, p_secret bytea, p_actor text)
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

-- To be delivered once more, under the same id, whatever became of it and whatever the rules say.
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
  UPDATE alert_outbox SET state = 'pending', done_at = NULL, next_try_at = NULL, tries = 0, last_error = '',
                          served = '[]', taken_at = NULL, at_once = true, told_by = NULL WHERE public_id = p_alert;
  PERFORM pg_notify('dpin_alert', '');
  INSERT INTO audit_log (actor, organisation_id, action, object)
  VALUES (p_actor, c.organisation_id, 'alert.replay', p_alert::text);
  RETURN NEXT true;
END $$;

REVOKE ALL ON FUNCTION channel_hold(integer, uuid), channel_did(alert_channel, text, text),
  channel_add(integer, uuid, text, text, text, jsonb, jsonb, jsonb, bytea),
  channel_change(integer, uuid, text, jsonb, jsonb, jsonb, bytea, text), channel_remove(integer, uuid, text),
  channel_enable(integer, uuid, text), channel_rotate(integer, uuid, bytea, text),
  channel_test(integer, uuid, uuid, text), alert_again(integer, uuid, text) FROM public;

DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'dpin-api') THEN
    GRANT EXECUTE ON FUNCTION channel_add(integer, uuid, text, text, text, jsonb, jsonb, jsonb, bytea),
      channel_change(integer, uuid, text, jsonb, jsonb, jsonb, bytea, text), channel_remove(integer, uuid, text),
      channel_enable(integer, uuid, text), channel_rotate(integer, uuid, bytea, text),
      channel_test(integer, uuid, uuid, text), alert_again(integer, uuid, text) TO "dpin-api";
  END IF;
END $$;
