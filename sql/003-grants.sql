-- The API reads what it shows and writes what its users own; it never touches ticks, verdicts or the ledger directly.
DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'dpin-api') THEN
    GRANT SELECT ON ALL TABLES IN SCHEMA public TO "dpin-api";
    GRANT INSERT, UPDATE ON organisation, app_user, membership, login_session, api_token, website TO "dpin-api";
    GRANT INSERT ON audit_log TO "dpin-api";
    GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO "dpin-api";
    REVOKE SELECT ON epoch FROM "dpin-api"; -- the secrets of running epochs are the hub's alone
    GRANT SELECT (website_id, number, starts_at, ends_at, n, eligible, eligible_root) ON epoch TO "dpin-api";
  END IF;
END $$;

-- A payout is requested with the owner's rights: the API may ask, the function keeps the books.
REVOKE ALL ON FUNCTION payout_request(integer, uuid, text) FROM public;
DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'dpin-api') THEN
    GRANT EXECUTE ON FUNCTION payout_request(integer, uuid, text) TO "dpin-api";
  END IF;
END $$;

-- Partitions come and go with the owner's rights: for the owner and the hub, its member, only.
REVOKE ALL ON FUNCTION partition_ensure(text, date, date), partition_drop(text, date) FROM public;
