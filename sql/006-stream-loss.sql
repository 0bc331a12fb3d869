-- What a hub lost of a stream: it was restored from a backup, and a receipt of its own says that it had more.
CREATE TABLE stream_loss (
  validator_id integer     NOT NULL REFERENCES validator,
  incarnation  bigint      NOT NULL,
  from_seq     bigint      NOT NULL CHECK (from_seq > 0),
  to_seq       bigint      NOT NULL,
  receipt      bytea       NOT NULL,                      -- the hub's own signed word for it
  recorded_at  timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (validator_id, incarnation, from_seq),
  CONSTRAINT stream_loss_range CHECK (to_seq >= from_seq)
);
DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'dpin-api') THEN
    GRANT SELECT ON stream_loss TO "dpin-api";
  END IF;
END $$;
