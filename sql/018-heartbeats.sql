-- oldest-program: 0.1.0
-- Websites that are not looked at but call themselves, at least once an interval (URLs like push:backup).

-- One address each: a secret that whoever calls it knows; a new one ends the former.
CREATE TABLE heartbeat (
  website_id   integer     PRIMARY KEY REFERENCES website,
  token_sha256 bytea       NOT NULL UNIQUE CHECK (length(token_sha256) = 32),
  seen_at      timestamptz,                                -- the newest; NULL: none yet
  ok           boolean     NOT NULL DEFAULT true,          -- false: it called to say that it failed
  revision     bigint      NOT NULL DEFAULT 0              -- hubs read what is newer
);
CREATE INDEX heartbeat_by_revision ON heartbeat (revision);
CREATE SEQUENCE heartbeat_revision;

-- A call. The same said again within a second changes nothing (a call of a time to come was of a clock that was wrong).
-- false: nobody has this address (any more). Revisions become visible in order, as those of websites.
CREATE FUNCTION heartbeat_take(p_token_sha256 bytea, p_ok boolean) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  it heartbeat;
BEGIN
  SELECT h.* INTO it FROM heartbeat h JOIN website w ON w.id = h.website_id
   WHERE h.token_sha256 = p_token_sha256 AND w.removed_at IS NULL;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  IF it.ok = p_ok AND it.seen_at BETWEEN clock_timestamp() - interval '1 second' AND clock_timestamp() THEN
    RETURN true;
  END IF;
  PERFORM set_config('synchronous_commit', 'off', true); -- the server's crash may lose a call: the next is waited for
  PERFORM pg_advisory_xact_lock(hashtext('dpin.heartbeat'));
  UPDATE heartbeat SET seen_at = clock_timestamp(), ok = p_ok, revision = nextval('heartbeat_revision')
   WHERE website_id = it.website_id RETURNING * INTO it;
  PERFORM pg_notify('dpin_heartbeat', it.revision::text);
  RETURN true;
END $$;
REVOKE ALL ON FUNCTION heartbeat_take(bytea, boolean) FROM public;

DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'dpin-api') THEN
    GRANT SELECT, INSERT, UPDATE (token_sha256) ON heartbeat TO "dpin-api";
    GRANT EXECUTE ON FUNCTION heartbeat_take(bytea, boolean) TO "dpin-api";
  END IF;
END $$;
