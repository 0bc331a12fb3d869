-- The first schema: who owns what, what is checked, what was seen, what was decided, what is owed.
-- Public ids are UUIDs (version 7), internal keys integers. Durations have their unit in the name.

-- Owners ------------------------------------------------------------------------------------------

CREATE TABLE organisation (
  id         integer     GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  public_id  uuid        NOT NULL UNIQUE,
  name       text        NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 200),
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE app_user (
  id            integer     GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  public_id     uuid        NOT NULL UNIQUE,
  email         text        NOT NULL UNIQUE CHECK (email = lower(email) AND length(email) BETWEEN 3 AND 320),
  password_hash text,                                     -- argon2id; NULL: this user cannot sign in with a password
  created_at    timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE membership (
  organisation_id integer NOT NULL REFERENCES organisation,
  user_id         integer NOT NULL REFERENCES app_user,
  role            text    NOT NULL CHECK (role IN ('viewer', 'editor', 'admin')),
  PRIMARY KEY (organisation_id, user_id)
);

CREATE TABLE login_session (
  id            integer     GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  user_id       integer     NOT NULL REFERENCES app_user,
  secret_sha256 bytea       NOT NULL UNIQUE CHECK (length(secret_sha256) = 32),
  created_at    timestamptz NOT NULL DEFAULT now(),
  expires_at    timestamptz NOT NULL,
  revoked_at    timestamptz
);

CREATE TABLE api_token (
  id              integer     GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  public_id       uuid        NOT NULL UNIQUE,
  organisation_id integer     NOT NULL REFERENCES organisation,
  name            text        NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  prefix          text        NOT NULL,                    -- the visible start of the token, for people
  secret_sha256   bytea       NOT NULL UNIQUE CHECK (length(secret_sha256) = 32),
  scopes          text[]      NOT NULL,                    -- 'read', 'write', 'payouts'
  created_at      timestamptz NOT NULL DEFAULT now(),
  expires_at      timestamptz,
  last_used_at    timestamptz,                             -- kept to the minute
  revoked_at      timestamptz
);

-- What is checked ---------------------------------------------------------------------------------

CREATE SEQUENCE website_revision;

CREATE TABLE website (
  id              integer     GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  public_id       uuid        NOT NULL UNIQUE,
  organisation_id integer     NOT NULL REFERENCES organisation,
  url             text        NOT NULL CHECK (length(url) BETWEEN 8 AND 2048),
  name            text        NOT NULL DEFAULT '' CHECK (length(name) <= 200),
  interval_ms     integer     NOT NULL DEFAULT 60000 CHECK (interval_ms BETWEEN 10000 AND 86400000),
  timeout_ms      integer     NOT NULL DEFAULT 10000 CHECK (timeout_ms >= 100),
  seats           smallint    NOT NULL DEFAULT 4 CHECK (seats BETWEEN 1 AND 16),
  paused          boolean     NOT NULL DEFAULT false,
  revision        bigint      NOT NULL DEFAULT 0,          -- set by the trigger below; hubs read what is newer
  created_at      timestamptz NOT NULL DEFAULT now(),
  removed_at      timestamptz,
  CONSTRAINT website_timeout_fits CHECK (timeout_ms <= interval_ms / 2)
);
CREATE UNIQUE INDEX website_url_once ON website (organisation_id, url) WHERE removed_at IS NULL;
CREATE INDEX website_by_revision ON website (revision);
CREATE INDEX website_by_organisation ON website (organisation_id, public_id) WHERE removed_at IS NULL;

-- Revisions become visible in order: the lock makes changes of websites take turns until their commit.
CREATE FUNCTION website_touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('dpin.website'));
  NEW.revision := nextval('website_revision');
  PERFORM pg_notify('dpin_website', NEW.revision::text);
  RETURN NEW;
END $$;
CREATE TRIGGER website_touch BEFORE INSERT OR UPDATE ON website FOR EACH ROW EXECUTE FUNCTION website_touch();

-- The exact bytes of what orders name by hash.
CREATE TABLE specification (
  hash  bytea PRIMARY KEY CHECK (length(hash) = 32),
  bytes bytea NOT NULL
);

CREATE TABLE validator (
  id                integer     GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  key               bytea       NOT NULL UNIQUE CHECK (length(key) = 32),
  name              text        NOT NULL DEFAULT '',
  state             text        NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'approved', 'suspended')),
  operator          text        NOT NULL DEFAULT '',       -- set by the admin, never by the validator
  region            text        NOT NULL DEFAULT '',
  asn               bigint      NOT NULL DEFAULT 0 CHECK (asn BETWEEN 0 AND 4294967295),
  tags              text[]      NOT NULL DEFAULT '{}',     -- declared by the validator
  version           text        NOT NULL DEFAULT '',
  address           inet,                                  -- where it last connected from
  connected         boolean     NOT NULL DEFAULT false,
  last_connected_at timestamptz,
  last_seen_at      timestamptz,
  first_seen_at     timestamptz NOT NULL DEFAULT now(),
  approved_at       timestamptz
);

CREATE TABLE validator_stream (
  validator_id integer     NOT NULL REFERENCES validator,
  incarnation  bigint      NOT NULL CHECK (incarnation > 0),
  last_seq     bigint      NOT NULL CHECK (last_seq > 0),
  last_hash    bytea       NOT NULL CHECK (length(last_hash) = 32),
  resealed     boolean     NOT NULL DEFAULT false,
  opened_at    timestamptz NOT NULL DEFAULT now(),
  updated_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (validator_id, incarnation)
);

CREATE TABLE epoch (
  website_id    integer     NOT NULL REFERENCES website,
  number        bigint      NOT NULL,
  starts_at     timestamptz NOT NULL,
  ends_at       timestamptz NOT NULL,
  n             smallint    NOT NULL,
  secret        bytea       NOT NULL CHECK (length(secret) = 32),      -- revealed a day after the end
  eligible      bytea       NOT NULL,                                  -- the list under the root, as hashed
  eligible_root bytea       NOT NULL CHECK (length(eligible_root) = 32),
  PRIMARY KEY (website_id, number)
);

CREATE TABLE work_order (
  id           bigint      PRIMARY KEY,                   -- allocated by the hub, which holds the writer's lock
  public_id    bytea       NOT NULL UNIQUE CHECK (length(public_id) = 16),
  website_id   integer     NOT NULL REFERENCES website,
  validator_id integer     NOT NULL REFERENCES validator,
  epoch        bigint      NOT NULL,
  type         smallint    NOT NULL,                      -- 1 seat, 2 spare, 3 panel
  seat         smallint    NOT NULL,
  n            smallint    NOT NULL,
  interval_ms  integer     NOT NULL,
  timeout_ms   integer     NOT NULL,
  starts_at    timestamptz NOT NULL,
  bytes        bytea       NOT NULL,                      -- as sent
  root         bytea,                                     -- of the frame it was sent in, with signature and path
  signature    bytea,
  path         bytea,
  spec_hash    bytea       NOT NULL REFERENCES specification,
  probes       bigint      NOT NULL DEFAULT 0,            -- highest number issued, in steps: a restart never reuses one
  sent_at      timestamptz,
  removed_at   timestamptz
);
CREATE INDEX work_order_current ON work_order (website_id) WHERE removed_at IS NULL;
CREATE INDEX work_order_recent ON work_order (removed_at) WHERE removed_at IS NOT NULL;

-- What was seen -----------------------------------------------------------------------------------

-- The evidence: frames as signed. Gaps too.
CREATE TABLE tick_batch (
  id           bigint      NOT NULL,                      -- allocated by the hub, as for orders
  validator_id integer     NOT NULL,
  incarnation  bigint      NOT NULL,
  sequence     bigint      NOT NULL,
  hash         bytea       NOT NULL,
  frame        bytea       NOT NULL,
  count        smallint    NOT NULL,
  codes        bytea       NOT NULL,                      -- a disposition per tick: a receipt can be made again
  created_at   timestamptz NOT NULL,                      -- by the validator's word
  arrived_at   timestamptz NOT NULL,
  commit_no    bigint      NOT NULL
) PARTITION BY RANGE (arrived_at);
CREATE INDEX tick_batch_by_stream ON tick_batch (validator_id, incarnation, sequence);
CREATE INDEX tick_batch_by_id ON tick_batch (id);

-- Ticks of disposition accepted and late; the others are in the counts of receipts only.
CREATE TABLE website_tick (
  website_id   integer     NOT NULL,
  validator_id integer     NOT NULL,
  started_at   timestamptz NOT NULL,
  order_id     bigint      NOT NULL,
  batch_id     bigint      NOT NULL,
  body_length  bigint      NOT NULL,
  commit_no    bigint      NOT NULL,
  number       integer     NOT NULL,                      -- slot or probe number
  dns_us       integer     NOT NULL,
  connect_us   integer     NOT NULL,
  tls_us       integer     NOT NULL,
  wait_us      integer     NOT NULL,
  transfer_us  integer     NOT NULL,
  batch_index  smallint    NOT NULL,
  status       smallint    NOT NULL,                      -- HTTP or DNS code, 0 none
  expiry_days  integer     NOT NULL,                      -- certificate's end in days since 1970, 0 none
  kind         smallint    NOT NULL,                      -- 0 scheduled, 1 confirm, 2 manual, 3 refresh
  family       smallint    NOT NULL,                      -- 0, 4, 6
  outcome      smallint    NOT NULL,                      -- 1 up, 2 down, 3 abstain
  error_class  smallint    NOT NULL,
  late         boolean     NOT NULL,                      -- arrived too late to vote
  body_hash    bytea,
  address      inet
) PARTITION BY RANGE (started_at);
CREATE INDEX website_tick_by_website ON website_tick (website_id, started_at);
-- Many ticks share a commit, so this one is small by deduplication; the newest are read after every commit.
CREATE INDEX website_tick_by_commit ON website_tick (commit_no);
-- For closing hours.
CREATE INDEX website_tick_by_time ON website_tick USING brin (started_at)
  WITH (pages_per_range = 16, autosummarize = on);

-- Ticks by hour of arrival, counted in the commit that brings them.
CREATE TABLE validator_hour (
  validator_id integer     NOT NULL,
  hour         timestamptz NOT NULL,
  ticks        bigint      NOT NULL,
  PRIMARY KEY (validator_id, hour)
) WITH (fillfactor = 70);

-- What was decided --------------------------------------------------------------------------------

CREATE TABLE verdict_span (
  id                bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  website_id        integer     NOT NULL REFERENCES website,
  state             text        NOT NULL
    CHECK (state IN ('UP', 'DEGRADED', 'PARTIAL', 'DOWN', 'UNKNOWN', 'MAINTENANCE', 'PAUSED')),
  assurance         text        NOT NULL CHECK (assurance IN ('full', 'reduced', 'single')),
  cause             text        NOT NULL,
  started_at        timestamptz NOT NULL,                 -- when it was decided
  ended_at          timestamptz,
  first_evidence_at timestamptz NOT NULL,
  n                 smallint    NOT NULL,
  votes             jsonb       NOT NULL DEFAULT '[]',    -- the seats as they were at the decision
  commit_no         bigint      NOT NULL
);
CREATE INDEX verdict_span_by_website ON verdict_span (website_id, started_at);
-- The spans of one website, or of all, that lasted beyond some moment.
CREATE INDEX verdict_span_by_end ON verdict_span (website_id, (coalesce(ended_at, 'infinity')));
CREATE INDEX verdict_span_by_time ON verdict_span ((coalesce(ended_at, 'infinity')));
CREATE UNIQUE INDEX verdict_span_open_once ON verdict_span (website_id) WHERE ended_at IS NULL;

CREATE TABLE incident (
  id                integer     GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  public_id         uuid        NOT NULL UNIQUE,
  organisation_id   integer     NOT NULL REFERENCES organisation,
  website_id        integer     NOT NULL REFERENCES website,
  kind              text        NOT NULL DEFAULT 'down',
  cause             text        NOT NULL,
  opened_at         timestamptz NOT NULL,
  first_evidence_at timestamptz NOT NULL,
  closed_at         timestamptz
);
CREATE UNIQUE INDEX incident_open_once ON incident (website_id, kind) WHERE closed_at IS NULL;
CREATE INDEX incident_by_website ON incident (website_id, public_id);
CREATE INDEX incident_by_organisation ON incident (organisation_id, public_id);

CREATE TABLE incident_event (
  incident_id integer     NOT NULL REFERENCES incident,
  at          timestamptz NOT NULL,
  kind        text        NOT NULL,                       -- 'opened', 'closed'
  detail      jsonb       NOT NULL DEFAULT '{}'
);
CREATE INDEX incident_event_by_incident ON incident_event (incident_id, at);

-- What listeners read after a commit; kept for a day.
CREATE TABLE event (
  commit_no       bigint      NOT NULL,
  ordinal         integer     NOT NULL,
  organisation_id integer,                                -- NULL: for everybody
  kind            text        NOT NULL,                   -- 'verdict.changed', 'incident.opened', ...
  payload         jsonb       NOT NULL,
  at              timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (commit_no, ordinal)
);
CREATE INDEX event_by_time ON event (at);

CREATE TABLE alert_channel (
  id              integer     GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  public_id       uuid        NOT NULL UNIQUE,
  organisation_id integer     NOT NULL REFERENCES organisation,
  kind            text        NOT NULL,
  name            text        NOT NULL,
  settings        jsonb       NOT NULL DEFAULT '{}',
  created_at      timestamptz NOT NULL DEFAULT now(),
  removed_at      timestamptz
);

CREATE TABLE alert_outbox (
  id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  channel_id  integer     NOT NULL REFERENCES alert_channel,
  incident_id integer     REFERENCES incident,
  kind        text        NOT NULL,
  payload     jsonb       NOT NULL,
  created_at  timestamptz NOT NULL DEFAULT now(),
  next_try_at timestamptz,
  tries       integer     NOT NULL DEFAULT 0,
  done_at     timestamptz
);

-- The hub's own row: who may write, how far it came, when it was last alive.
CREATE TABLE hub_state (
  id           boolean     PRIMARY KEY DEFAULT true CHECK (id),
  network_key  bytea       CHECK (length(network_key) = 32),
  commit_no    bigint      NOT NULL DEFAULT 0,
  pruned_no    bigint      NOT NULL DEFAULT 0,            -- newest commit whose events may be gone
  heartbeat_at timestamptz
);
INSERT INTO hub_state DEFAULT VALUES;

-- What is kept ------------------------------------------------------------------------------------

-- Histograms: bucket i counts totals in [1 ms * 1.1^i, 1 ms * 1.1^(i+1)), i from 0 to 119; mergeable by addition.
CREATE TABLE rollup_hour (
  website_id   integer     NOT NULL,
  hour         timestamptz NOT NULL,
  up           integer     NOT NULL,                      -- ticks by outcome
  down         integer     NOT NULL,
  abstain      integer     NOT NULL,
  classes      jsonb       NOT NULL,                      -- {"error class": count}
  histogram    integer[]   NOT NULL,                      -- of up ticks
  phase_sum_us bigint[]    NOT NULL,                      -- of up ticks: dns, connect, tls, wait, transfer
  phase_max_us integer[]   NOT NULL,
  up_us        bigint      NOT NULL,                      -- from spans: UP, DEGRADED
  down_us      bigint      NOT NULL,                      -- DOWN, PARTIAL
  other_us     bigint      NOT NULL,                      -- the rest, up to the hour's length
  PRIMARY KEY (website_id, hour)
);
CREATE INDEX rollup_hour_by_hour ON rollup_hour (hour);

-- The same up ticks by who made them, for latency by validator.
CREATE TABLE rollup_validator_hour (
  website_id   integer     NOT NULL,
  hour         timestamptz NOT NULL,
  validator_id integer     NOT NULL,
  up           integer     NOT NULL,
  total_us     bigint      NOT NULL,
  PRIMARY KEY (website_id, hour, validator_id)
);
CREATE INDEX rollup_validator_hour_by_hour ON rollup_validator_hour (hour);

CREATE TABLE rollup_day (
  website_id   integer   NOT NULL,
  day          date      NOT NULL,
  up           integer   NOT NULL,
  down         integer   NOT NULL,
  abstain      integer   NOT NULL,
  classes      jsonb     NOT NULL,
  histogram    integer[] NOT NULL,
  phase_sum_us bigint[]  NOT NULL,
  phase_max_us integer[] NOT NULL,
  up_us        bigint    NOT NULL,
  down_us      bigint    NOT NULL,
  other_us     bigint    NOT NULL,
  PRIMARY KEY (website_id, day)
);

-- Hours that were rolled up and paid, each once.
CREATE TABLE closed_hour (
  hour      timestamptz PRIMARY KEY,
  closed_at timestamptz NOT NULL DEFAULT now()
);

-- What is owed ------------------------------------------------------------------------------------

CREATE TABLE payout (
  id             uuid        PRIMARY KEY,
  validator_id   integer     NOT NULL REFERENCES validator,
  amount         bigint      NOT NULL CHECK (amount > 0), -- lamports
  status         text        NOT NULL DEFAULT 'requested' CHECK (status IN ('requested', 'approved', 'settled')),
  transaction_id text,
  requested_at   timestamptz NOT NULL DEFAULT now(),
  approved_at    timestamptz,
  settled_at     timestamptz
);
CREATE UNIQUE INDEX payout_open_once ON payout (validator_id) WHERE status <> 'settled';

-- Double entry in one row: amount moves from the debited to the credited account. Append-only.
CREATE TABLE ledger_entry (
  id           bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind         text        NOT NULL CHECK (kind IN ('reward', 'payout')),
  validator_id integer     NOT NULL REFERENCES validator,
  hour         timestamptz,                               -- of a reward
  ticks        integer     NOT NULL DEFAULT 0,            -- paid ticks of a reward
  payout_id    uuid        REFERENCES payout,
  debit        text        NOT NULL,                      -- 'rewards' or 'validator'
  credit       text        NOT NULL,                      -- 'validator' or 'payouts'
  amount       bigint      NOT NULL CHECK (amount > 0),   -- lamports
  created_at   timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT ledger_entry_reward CHECK ((kind = 'reward') = (hour IS NOT NULL)),
  CONSTRAINT ledger_entry_payout CHECK ((kind = 'payout') = (payout_id IS NOT NULL))
);
CREATE UNIQUE INDEX ledger_entry_hour_once ON ledger_entry (validator_id, hour) WHERE kind = 'reward';
CREATE UNIQUE INDEX ledger_entry_payout_once ON ledger_entry (payout_id) WHERE kind = 'payout';

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'DP002';
END $$;
CREATE TRIGGER ledger_entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entry
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE VIEW validator_balance AS
  SELECT validator_id, sum(CASE credit WHEN 'validator' THEN amount ELSE -amount END)::bigint AS lamports
    FROM ledger_entry GROUP BY validator_id;

CREATE TABLE audit_log (
  id              bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at              timestamptz NOT NULL DEFAULT now(),
  actor           text        NOT NULL,                   -- 'token PREFIX', 'uid 0'
  organisation_id integer,
  action          text        NOT NULL,
  object          text        NOT NULL,
  detail          jsonb       NOT NULL DEFAULT '{}'
);
CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
