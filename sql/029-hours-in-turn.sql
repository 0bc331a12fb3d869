-- oldest-program: 0.1.0
-- Whoever closes hours waits for who is at it already, as when two hubs change over: each would wait for rows of the
-- other.
CREATE OR REPLACE FUNCTION hours_close(p_now timestamptz, p_lateness interval, p_lamports bigint, p_most integer)
RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  h timestamptz;
  done integer := 0;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('dpin.hours'));
  FOR h IN
    SELECT g FROM generate_series(
             coalesce((SELECT max(hour) + interval '1 hour' FROM closed_hour),
                      (SELECT date_trunc('hour', min(started_at), 'UTC') FROM verdict_span)),
             date_trunc('hour', p_now - p_lateness, 'UTC') - interval '1 hour', interval '1 hour') AS g
     ORDER BY g LIMIT p_most
  LOOP
    PERFORM rollup_hour_close(h);
    PERFORM ledger_hour_close(h, p_lamports);
    IF extract(hour FROM h AT TIME ZONE 'UTC') = 23 THEN
      PERFORM rollup_day_close((h AT TIME ZONE 'UTC')::date);
    END IF;
    INSERT INTO closed_hour (hour) VALUES (h);
    done := done + 1;
  END LOOP;
  RETURN done;
END $$;
