-- Hours are closed by the hub: it reads pages as they are, adds up ticks itself and writes rollups for some websites at
-- a time. By rollup_hour_close() and ledger_hour_close() it took PostgreSQL more to close an hour than to take in its
-- ticks; they stay, as what that is held against.

-- The oldest hour that has been over for so long and is not closed; NULL: there is none.
CREATE FUNCTION hour_due(p_now timestamptz, p_lateness interval) RETURNS timestamptz LANGUAGE sql STABLE AS $$
  SELECT hour FROM (SELECT coalesce((SELECT max(hour) + interval '1 hour' FROM closed_hour),
                                    (SELECT date_trunc('hour', min(started_at), 'UTC') FROM verdict_span)) AS hour) AS h
   WHERE hour <= date_trunc('hour', p_now - p_lateness, 'UTC') - interval '1 hour'
$$;

-- Nobody else closes it until this transaction ends, nor has.
CREATE FUNCTION hour_open(p_hour timestamptz) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('dpin.hours'));
  IF EXISTS (SELECT FROM closed_hour WHERE hour = p_hour) THEN
    RAISE EXCEPTION 'the hour of % is closed', p_hour USING ERRCODE = 'DP001';
  END IF;
END $$;

-- Its rollups and rewards are written: it is closed, and with a day's last one the day.
CREATE FUNCTION hour_end(p_hour timestamptz) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF extract(hour FROM p_hour AT TIME ZONE 'UTC') = 23 THEN
    PERFORM rollup_day_close((p_hour AT TIME ZONE 'UTC')::date);
  END IF;
  INSERT INTO closed_hour (hour, closed_at) VALUES (p_hour, clock_timestamp());
END $$;

-- The end of an hour whose rollups are written: pays each of these validators for so many ticks.
CREATE FUNCTION hour_finish(p_hour timestamptz, p_validators integer[], p_ticks integer[], p_lamports bigint)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM hour_open(p_hour);
  INSERT INTO ledger_entry (kind, validator_id, hour, ticks, debit, credit, amount)
  SELECT 'reward', validator, p_hour, ticks, 'rewards', 'validator', ticks * p_lamports
    FROM unnest(p_validators, p_ticks) AS r (validator, ticks) WHERE p_lamports > 0
  ON CONFLICT DO NOTHING;
  PERFORM hour_end(p_hour);
END $$;

-- As before.
CREATE OR REPLACE FUNCTION hours_close(p_now timestamptz, p_lateness interval, p_lamports bigint, p_most integer)
RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  h timestamptz;
  done integer := 0;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('dpin.hours'));
  WHILE done < p_most LOOP
    h := hour_due(p_now, p_lateness);
    EXIT WHEN h IS NULL;
    PERFORM rollup_hour_close(h);
    PERFORM ledger_hour_close(h, p_lamports);
    PERFORM hour_end(h);
    done := done + 1;
  END LOOP;
  RETURN done;
END $$;
