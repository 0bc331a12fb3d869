-- oldest-program: 0.1.0
-- What people do with incidents: who has seen one and who takes care of it, notes, and those that people report.

ALTER TABLE incident
  ADD COLUMN acknowledged_at timestamptz,
  ADD COLUMN acknowledged_by text,
  ADD COLUMN assignee_id     integer,                      -- a member of the organisation, as long as it is one
  ADD FOREIGN KEY (organisation_id, assignee_id) REFERENCES membership (organisation_id, user_id)
    ON DELETE SET NULL (assignee_id),
  ADD CHECK (kind <> 'manual' OR length(summary) BETWEEN 1 AND 200); -- what people report they say in a title
CREATE INDEX incident_by_assignee ON incident (organisation_id, assignee_id) WHERE assignee_id IS NOT NULL;
CREATE INDEX incident_open ON incident (public_id) WHERE closed_at IS NULL;

-- A timeline is read in the order in which it was written. What people do has a revision: the hub tells what is newer
-- than what it told last, in the order of these.
ALTER TABLE incident_event
  ADD COLUMN id       bigint GENERATED ALWAYS AS IDENTITY,
  ADD COLUMN revision bigint UNIQUE,
  ADD PRIMARY KEY (incident_id, id);
DROP INDEX incident_event_by_incident;
CREATE SEQUENCE incident_revision;
ALTER TABLE hub_state ADD COLUMN deed_revision bigint NOT NULL DEFAULT 0; -- up to it the hub has told what people did

-- The pieces of what follows --------------------------------------------------------------------------------------

-- The incident, held until the end of the transaction; without id: this organisation (0: none) has no such incident.
-- Revisions become visible in order, as those of websites.
CREATE FUNCTION incident_hold(p_organisation integer, p_incident uuid) RETURNS incident LANGUAGE plpgsql AS $$
DECLARE
  it incident;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('dpin.incident'));
  SELECT * INTO it FROM incident
   WHERE public_id = p_incident AND (p_organisation = 0 OR organisation_id = p_organisation) FOR UPDATE;
  RETURN it;
END $$;

-- Whether people have written as much into its timeline as they may.
CREATE FUNCTION incident_is_full(it incident) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT count(*) >= 1000 FROM incident_event WHERE incident_id = it.id AND revision IS NOT NULL
$$;

-- One deed: a line of the timeline, one of the audit log, and the hub is told. When it happened.
CREATE FUNCTION incident_did(it incident, p_kind text, p_detail jsonb, p_action text, p_actor text) RETURNS timestamptz
LANGUAGE plpgsql AS $$
DECLARE
  number bigint := nextval('incident_revision');
  moment timestamptz := greatest(clock_timestamp(), it.opened_at);
BEGIN
  INSERT INTO incident_event (incident_id, at, kind, detail, actor, revision)
  VALUES (it.id, moment, p_kind, p_detail, p_actor, number);
  INSERT INTO audit_log (actor, organisation_id, action, object)
  VALUES (p_actor, it.organisation_id, 'incident.' || p_action, it.public_id::text);
  PERFORM pg_notify('dpin_incident', number::text);
  RETURN moment;
END $$;

-- Deeds -----------------------------------------------------------------------------------------------------------
-- Each says how it went, in a word: 'done', 'same' (it is so already; nothing was changed), or why not. No row: there
-- is no such incident, or website. Organisation 0 is whichever.

CREATE FUNCTION incident_acknowledge(p_organisation integer, p_incident uuid, p_actor text) RETURNS SETOF text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  it incident := incident_hold(p_organisation, p_incident);
BEGIN
  IF it.id IS NULL THEN
    RETURN;
  ELSIF it.acknowledged_at IS NOT NULL THEN
    RETURN NEXT 'same';
  ELSIF it.closed_at IS NOT NULL THEN
    RETURN NEXT 'closed';
  ELSE
    UPDATE incident SET acknowledged_by = p_actor,
      acknowledged_at = incident_did(it, 'acknowledged', '{}', 'acknowledge', p_actor) WHERE id = it.id;
    RETURN NEXT 'done';
  END IF;
END $$;

CREATE FUNCTION incident_note(p_organisation integer, p_incident uuid, p_text text, p_actor text) RETURNS SETOF text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  it incident := incident_hold(p_organisation, p_incident);
BEGIN
  IF it.id IS NULL THEN
    RETURN;
  ELSIF incident_is_full(it) THEN
    RETURN NEXT 'full';
  ELSE
    PERFORM incident_did(it, 'noted', jsonb_build_object('text', p_text), 'note', p_actor);
    RETURN NEXT 'done';
  END IF;
END $$;

-- An address of NULL: nobody takes care of it any more.
CREATE FUNCTION incident_assign(p_organisation integer, p_incident uuid, p_email text, p_actor text) RETURNS SETOF text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  it incident := incident_hold(p_organisation, p_incident);
  member integer;
BEGIN
  IF it.id IS NULL THEN
    RETURN;
  END IF;
  SELECT u.id INTO member FROM app_user u JOIN membership m ON m.user_id = u.id
   WHERE u.email = lower(p_email) AND m.organisation_id = it.organisation_id FOR SHARE OF m;
  IF member IS NULL AND p_email IS NOT NULL THEN
    RETURN NEXT 'stranger';
  ELSIF member IS NOT DISTINCT FROM it.assignee_id THEN
    RETURN NEXT 'same';
  ELSIF incident_is_full(it) THEN
    RETURN NEXT 'full';
  ELSE
    UPDATE incident SET assignee_id = member WHERE id = it.id;
    PERFORM incident_did(it, 'assigned', jsonb_build_object('assignee', lower(p_email)), 'assign', p_actor);
    RETURN NEXT 'done';
  END IF;
END $$;

-- What votes opened votes close.
CREATE FUNCTION incident_resolve(p_organisation integer, p_incident uuid, p_actor text) RETURNS SETOF text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  it incident := incident_hold(p_organisation, p_incident);
BEGIN
  IF it.id IS NULL THEN
    RETURN;
  ELSIF it.kind <> 'manual' THEN
    RETURN NEXT 'judged';
  ELSIF it.closed_at IS NOT NULL THEN
    RETURN NEXT 'same';
  ELSE
    UPDATE incident SET closed_at = incident_did(it, 'closed', '{}', 'resolve', p_actor) WHERE id = it.id;
    RETURN NEXT 'done';
  END IF;
END $$;

-- 'done' with the id that was given, 'open' with that of the one that is open already.
CREATE FUNCTION incident_report(p_organisation integer, p_incident uuid, p_website uuid, p_title text, p_text text,
                                p_actor text) RETURNS TABLE (outcome text, incident_id uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  site website;
  it incident;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('dpin.incident'));
  SELECT * INTO site FROM website
   WHERE public_id = p_website AND (p_organisation = 0 OR organisation_id = p_organisation) AND removed_at IS NULL;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  SELECT * INTO it FROM incident WHERE website_id = site.id AND kind = 'manual' AND closed_at IS NULL;
  IF FOUND THEN
    RETURN QUERY SELECT 'open', it.public_id;
    RETURN;
  END IF;
  INSERT INTO incident (public_id, organisation_id, website_id, kind, cause, severity, summary, opened_at,
                        first_evidence_at)
  VALUES (p_incident, site.organisation_id, site.id, 'manual', 'reported', 'warning', p_title, clock_timestamp(),
          clock_timestamp())
  RETURNING * INTO it;
  PERFORM incident_did(it, 'opened', jsonb_strip_nulls(jsonb_build_object('text', nullif(p_text, ''))), 'open',
                       p_actor);
  RETURN QUERY SELECT 'done', it.public_id;
END $$;

REVOKE ALL ON FUNCTION incident_hold(integer, uuid), incident_is_full(incident),
  incident_did(incident, text, jsonb, text, text),
  incident_acknowledge(integer, uuid, text), incident_note(integer, uuid, text, text),
  incident_assign(integer, uuid, text, text), incident_resolve(integer, uuid, text),
  incident_report(integer, uuid, uuid, text, text, text) FROM public;

DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'dpin-api') THEN
    GRANT EXECUTE ON FUNCTION incident_acknowledge(integer, uuid, text), incident_note(integer, uuid, text, text),
      incident_assign(integer, uuid, text, text), incident_resolve(integer, uuid, text),
      incident_report(integer, uuid, uuid, text, text, text) TO "dpin-api";
  END IF;
END $$;
