-- What big.py calls: a history of websites with four seats, hour by hour, as a hub would have left it. Everything is
-- in the schema "bench", and steps are transactions: one that was ended half-way is made anew.

CREATE SCHEMA bench;

CREATE TABLE bench.big (
  id         boolean     PRIMARY KEY DEFAULT true CHECK (id),
  ticks      bigint      NOT NULL,                        -- made so far
  began_at   timestamptz NOT NULL,
  reached_at timestamptz NOT NULL,
  ends_at    timestamptz NOT NULL,
  closes     boolean     NOT NULL                         -- hours are closed as they are made
);

-- Four websites, one each of 60, 30, 20 and 10 seconds, make 48 ticks a minute.
CREATE FUNCTION bench.prepare(p_fours integer, p_validators integer, p_begins timestamptz, p_ends timestamptz,
                              p_closes boolean) RETURNS void LANGUAGE sql AS $$
  INSERT INTO organisation (public_id, name) VALUES (gen_random_uuid(), 'big');
  INSERT INTO specification VALUES (sha256('big'), '\x01');
  INSERT INTO validator (key, name, state, operator, region, approved_at)
    SELECT sha256(i::text::bytea), 'v' || i, 'approved', 'operator ' || i, (ARRAY['eu', 'us', 'ap', 'sa'])[1 + i % 4],
           p_begins FROM generate_series(1, p_validators) AS i ORDER BY i;
  INSERT INTO validator_stream (validator_id, incarnation, last_seq, last_hash)
    SELECT id, 1, 1, sha256('big') FROM validator;
  INSERT INTO website (public_id, organisation_id, url, name, interval_ms, timeout_ms, created_at)
    SELECT ('00000000-0000-7000-8000-' || lpad(to_hex(i), 12, '0'))::uuid, o.id, 'https://site' || i || '.example/',
           'Site ' || i, (ARRAY[60000, 30000, 20000, 10000])[1 + i % 4], 5000, p_begins
      FROM organisation o, generate_series(0, 4 * p_fours - 1) AS i ORDER BY i;
  INSERT INTO work_order (id, public_id, website_id, validator_id, epoch, type, seat, n, interval_ms, timeout_ms,
                          starts_at, bytes, spec_hash)
    SELECT i, decode(lpad(to_hex(i), 32, '0'), 'hex'), w.id, 1 + (3 * w.id + seat) % p_validators, 1, 1, seat, 4,
           w.interval_ms, w.timeout_ms, p_begins, '\x02', sha256('big')
      FROM website w, generate_series(0, 3) AS seat, LATERAL (SELECT 4 * w.id + seat AS i) AS x;
  INSERT INTO verdict_span (website_id, state, assurance, cause, started_at, first_evidence_at, n, commit_no)
    SELECT id, 'UP', 'full', 'quorum', p_begins, p_begins, 4, 0 FROM website;
  INSERT INTO bench.big (ticks, began_at, reached_at, ends_at, closes)
    VALUES (0, p_begins, p_begins, p_ends, p_closes);
$$;

-- A website is down for five minutes a day, wholly within one hour.
CREATE FUNCTION bench.outages(p_from timestamptz, p_to timestamptz)
RETURNS TABLE (website_id integer, organisation_id integer, from_at timestamptz, to_at timestamptz)
LANGUAGE sql STABLE AS $$
  SELECT id, organisation_id, at, at + interval '5 minutes'
    FROM website, LATERAL (SELECT date_trunc('hour', p_from, 'UTC') + id * 7 % 50 * interval '1 minute' AS at) AS x
   WHERE (usec(date_trunc('hour', p_from, 'UTC')) / 3600000000 + id) % 24 = 0
     AND at >= p_from AND at + interval '5 minutes' <= p_to
$$;

CREATE FUNCTION bench.decide(p_from timestamptz, p_to timestamptz, p_commit bigint) RETURNS void LANGUAGE sql AS $$
  UPDATE verdict_span s SET ended_at = o.from_at FROM bench.outages(p_from, p_to) AS o
   WHERE s.website_id = o.website_id AND s.ended_at IS NULL;
  INSERT INTO verdict_span (website_id, state, assurance, cause, started_at, ended_at, first_evidence_at, n, commit_no)
    SELECT website_id, 'DOWN', 'full', 'quorum', from_at, to_at, from_at, 4, p_commit
      FROM bench.outages(p_from, p_to)
    UNION ALL SELECT website_id, 'UP', 'full', 'quorum', to_at, NULL, to_at, 4, p_commit
      FROM bench.outages(p_from, p_to);
  WITH new AS (
    INSERT INTO incident (public_id, organisation_id, website_id, cause, opened_at, first_evidence_at, closed_at)
      SELECT gen_random_uuid(), organisation_id, website_id, 'refused', from_at, from_at, to_at
        FROM bench.outages(p_from, p_to) RETURNING id, opened_at, closed_at)
  INSERT INTO incident_event (incident_id, at, kind)
    SELECT id, opened_at, 'opened' FROM new UNION ALL SELECT id, closed_at, 'closed' FROM new;
  INSERT INTO event (commit_no, ordinal, organisation_id, kind, payload, at)
    SELECT p_commit, row_number() OVER (), organisation_id, 'verdict.changed', '{}', from_at
      FROM bench.outages(p_from, p_to) WHERE from_at > now() - interval '1 day';
$$;

-- Ticks whose slots begin in this time, in batches of a hundred whose frames are as long as those of a hub, and on a
-- page for each minute.
CREATE FUNCTION bench.observe(p_from timestamptz, p_to timestamptz) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  first bigint := coalesce((SELECT max(id) FROM tick_batch), 0);
  commit bigint := (SELECT commit_no FROM hub_state);
  n bigint;
BEGIN
  WITH slot AS MATERIALIZED (
    SELECT o.website_id, o.validator_id, o.id AS order_id, k AS number, random() AS luck, random() AS pace,
           'epoch'::timestamptz + (k * o.interval_ms::bigint + o.seat * o.interval_ms / 4) * interval '1 millisecond'
             + random() * interval '1 second' AS at
      FROM work_order o, generate_series(
             ceil((usec(p_from) / 1000.0 - o.seat * o.interval_ms / 4) / o.interval_ms)::bigint,
             ceil((usec(p_to) / 1000.0 - o.seat * o.interval_ms / 4) / o.interval_ms)::bigint - 1) AS k),
  seen AS MATERIALIZED (
    SELECT slot.*, CASE WHEN o.website_id IS NOT NULL THEN 2 WHEN luck < 0.003 THEN 3 ELSE 1 END AS outcome,
           (row_number() OVER (PARTITION BY validator_id ORDER BY at) - 1) / 100 AS chunk
      FROM slot LEFT JOIN bench.outages(p_from, p_to) AS o
        ON o.website_id = slot.website_id AND at >= from_at AND at < to_at),
  batch AS MATERIALIZED (
    SELECT validator_id, chunk, count(*)::integer AS count, max(at) AS last_at,
           first + row_number() OVER (ORDER BY max(at)) AS id,
           commit + (row_number() OVER (ORDER BY max(at)) + 3) / 4 AS commit_no
      FROM seen GROUP BY validator_id, chunk),
  archived AS (
    INSERT INTO tick_batch (id, validator_id, incarnation, sequence, hash, frame, count, codes, created_at, arrived_at,
                            commit_no)
    SELECT b.id, validator_id, 1, last_seq + row_number() OVER (PARTITION BY validator_id ORDER BY chunk),
           sha256(b.id::text::bytea), decode(repeat(md5(b.id::text), (72 * count + 200) / 16), 'hex'), count,
           decode(repeat('00', count), 'hex'), last_at, last_at + interval '0.3 seconds', commit_no
      FROM batch b JOIN validator_stream USING (validator_id)),
  streams AS (
    UPDATE validator_stream s SET last_seq = last_seq + x.n FROM (
      SELECT validator_id, count(*) AS n FROM batch GROUP BY validator_id) AS x WHERE x.validator_id = s.validator_id),
  hours AS (
    INSERT INTO validator_hour AS h SELECT validator_id, date_trunc('hour', p_from, 'UTC'), sum(count)
      FROM batch GROUP BY validator_id
      ON CONFLICT (validator_id, hour) DO UPDATE SET ticks = h.ticks + excluded.ticks),
  hub AS (UPDATE hub_state SET (commit_no, paged_no) = (SELECT max(commit_no), max(commit_no) FROM batch)
           WHERE EXISTS (SELECT FROM batch)),
  tick AS (
    SELECT tick_span(at) AS span, website_id, extract(minute FROM at) AS minute, b.id AS batch_id, at,
           tick_bits(at, order_id, b.id, validator_id, number::integer, (500 + 2000 * pace)::integer,
                     (8000 + 20000 * pace)::integer, ((15000 + 40000 * luck) * (outcome = 1)::integer)::integer,
                     ((20000 + 150000 * luck * pace) * (outcome = 1)::integer)::integer,
                     (2000 * luck * (outcome = 1)::integer)::integer, 200 * (outcome = 1)::integer, outcome,
                     (ARRAY[0, 2, 16])[outcome], 's', false) AS bits
      FROM seen JOIN batch b USING (validator_id, chunk)),
  page AS (
    INSERT INTO tick_page SELECT span, website_id, tick_join(bits ORDER BY batch_id, at) FROM tick
      GROUP BY span, website_id, minute ORDER BY max(batch_id) RETURNING length(ticks) / 416 AS ticks)
  SELECT coalesce(sum(ticks), 0) INTO n FROM page;
  RETURN n;
END $$;

-- The next hour, or what there is of it. How many ticks; NULL: all is made.
CREATE FUNCTION bench.step(p_lamports bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  big bench.big;
  until timestamptz;
  made bigint;
BEGIN
  SELECT * INTO STRICT big FROM bench.big FOR UPDATE;
  IF big.reached_at >= big.ends_at THEN
    RETURN NULL;
  END IF;
  until := least(date_trunc('hour', big.reached_at, 'UTC') + interval '1 hour', big.ends_at);
  PERFORM partition_ensure(name, (big.reached_at AT TIME ZONE 'UTC')::date, (until AT TIME ZONE 'UTC')::date)
     FROM unnest('{tick_page,tick_batch}'::text[]) AS name;
  PERFORM bench.decide(big.reached_at, until, (SELECT commit_no FROM hub_state));
  made := bench.observe(big.reached_at, until);
  IF big.closes THEN
    PERFORM hours_close(until, interval '0', p_lamports, 1);
  END IF;
  UPDATE bench.big SET reached_at = until, ticks = ticks + made;
  RETURN made;
END $$;
