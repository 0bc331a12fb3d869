-- Payouts are approved and settled, and the books say so; a validator's balance is kept, not summed up anew.
-- Accounts: what was earned moves from rewards to validator, what was asked for to payouts, what was paid to outside.

ALTER TABLE ledger_entry DROP CONSTRAINT ledger_entry_kind_check, DROP CONSTRAINT ledger_entry_payout;
ALTER TABLE ledger_entry
  ADD CONSTRAINT ledger_entry_kind CHECK (kind IN ('reward', 'payout', 'settlement')),
  ADD CONSTRAINT ledger_entry_payout CHECK ((kind IN ('payout', 'settlement')) = (payout_id IS NOT NULL));
CREATE UNIQUE INDEX ledger_entry_settlement_once ON ledger_entry (payout_id) WHERE kind = 'settlement';

DROP VIEW validator_balance;
CREATE TABLE validator_balance (
  validator_id integer PRIMARY KEY,
  lamports     bigint  NOT NULL CHECK (lamports >= 0)
);
DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'dpin-api') THEN
    GRANT SELECT ON validator_balance TO "dpin-api";
  END IF;
END $$;

-- What an entry adds to the validator's balance.
CREATE FUNCTION ledger_effect(p_debit text, p_credit text, p_amount bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE 'validator' WHEN p_credit THEN p_amount WHEN p_debit THEN -p_amount ELSE 0 END
$$;

INSERT INTO validator_balance
  SELECT validator_id, sum(ledger_effect(debit, credit, amount)) FROM ledger_entry GROUP BY validator_id;

-- Two steps: a row that is proposed and then not inserted has to pass the check, too.
CREATE FUNCTION ledger_entry_book() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO validator_balance (validator_id, lamports)
    SELECT DISTINCT validator_id, 0 FROM fresh ORDER BY validator_id ON CONFLICT DO NOTHING;
  UPDATE validator_balance b SET lamports = b.lamports + x.lamports
    FROM (SELECT validator_id, sum(ledger_effect(debit, credit, amount)) AS lamports FROM fresh
           GROUP BY validator_id) AS x
   WHERE b.validator_id = x.validator_id AND x.lamports <> 0;
  RETURN NULL;
END $$;
CREATE TRIGGER ledger_entry_book AFTER INSERT ON ledger_entry REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_entry_book();

-- As before, but for the lock: one that entries of other validators' hours, which look whether this validator exists,
-- need not wait for.
CREATE OR REPLACE FUNCTION payout_request(p_validator integer, p_id uuid, p_actor text) RETURNS SETOF payout
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  owed bigint;
BEGIN
  PERFORM 1 FROM validator WHERE id = p_validator FOR NO KEY UPDATE;
  RETURN QUERY SELECT * FROM payout WHERE validator_id = p_validator AND status <> 'settled';
  IF FOUND THEN
    RETURN;
  END IF;
  SELECT lamports INTO owed FROM validator_balance WHERE validator_id = p_validator;
  IF coalesce(owed, 0) <= 0 THEN
    RETURN;
  END IF;
  INSERT INTO payout (id, validator_id, amount) VALUES (p_id, p_validator, owed);
  INSERT INTO ledger_entry (kind, validator_id, payout_id, debit, credit, amount)
    VALUES ('payout', p_validator, p_id, 'validator', 'payouts', owed);
  INSERT INTO audit_log (actor, action, object, detail)
    SELECT p_actor, 'payout.request', p_id::text, jsonb_build_object('validator', key_text(key), 'lamports', owed)
      FROM validator WHERE id = p_validator;
  RETURN QUERY SELECT * FROM payout WHERE id = p_id;
END $$;

-- Both give the payout as it is afterwards, changed or not; the caller sees by it whether that is what was wished.
CREATE FUNCTION payout_approve(p_id uuid, p_actor text) RETURNS SETOF payout LANGUAGE plpgsql AS $$
BEGIN
  UPDATE payout SET status = 'approved', approved_at = now() WHERE id = p_id AND status = 'requested';
  IF FOUND THEN
    INSERT INTO audit_log (actor, action, object) VALUES (p_actor, 'payout.approve', p_id::text);
  END IF;
  RETURN QUERY SELECT * FROM payout WHERE id = p_id;
END $$;

CREATE FUNCTION payout_settle(p_id uuid, p_transaction text, p_actor text) RETURNS SETOF payout LANGUAGE plpgsql AS $$
BEGIN
  UPDATE payout SET status = 'settled', settled_at = now(), transaction_id = p_transaction
   WHERE id = p_id AND status = 'approved';
  IF FOUND THEN
    INSERT INTO ledger_entry (kind, validator_id, payout_id, debit, credit, amount)
      SELECT 'settlement', validator_id, id, 'payouts', 'outside', amount FROM payout WHERE id = p_id;
    INSERT INTO audit_log (actor, action, object, detail)
      VALUES (p_actor, 'payout.settle', p_id::text, jsonb_build_object('transaction', p_transaction));
  END IF;
  RETURN QUERY SELECT * FROM payout WHERE id = p_id;
END $$;

-- Whoever may add users may remove them.
DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'dpin-api') THEN
    GRANT DELETE ON app_user, membership, login_session TO "dpin-api";
  END IF;
END $$;
