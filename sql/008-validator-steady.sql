-- A validator that comes back is no newcomer: that it was connected for long enough outlives its next connection.
ALTER TABLE validator ADD COLUMN steady_at timestamptz;
COMMENT ON COLUMN validator.steady_at IS 'when it had last been connected for ten seconds, connections before this one';

-- A connection from p_connected to p_seen is over; p_before is what was known of those before.
CREATE FUNCTION validator_steady(p_connected timestamptz, p_seen timestamptz, p_before timestamptz)
RETURNS timestamptz LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN p_seen >= p_connected + interval '10 seconds' THEN p_seen ELSE p_before END
$$;
