-- For tests: ticks can be written, changed and deleted as rows. One that is written has a page of its own.
CREATE OR REPLACE FUNCTION website_tick_bits(t website_tick) RETURNS bit varying LANGUAGE sql STABLE AS $$
  SELECT tick_bits(t.started_at, t.order_id, t.batch_id, t.validator_id, t.number, t.dns_us, t.connect_us, t.tls_us,
                   t.wait_us, t.transfer_us, t.status, t.outcome, t.error_class, t.kind, t.late)
$$;

CREATE OR REPLACE FUNCTION website_tick_write() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  leaves constant boolean := TG_OP = 'DELETE' OR TG_OP = 'UPDATE' AND tick_span(new.started_at) <> old.span;
BEGIN
  IF TG_OP <> 'INSERT' THEN
    DELETE FROM tick_page WHERE leaves AND span = old.span AND website_id = old.website_id
       AND ticks = website_tick_bits(old);
    UPDATE tick_page SET ticks = overlay(ticks PLACING CASE WHEN leaves THEN B'' ELSE website_tick_bits(new) END
                                         FROM position(website_tick_bits(old) IN ticks) FOR 416)
     WHERE span = old.span AND website_id = old.website_id AND position(website_tick_bits(old) IN ticks) > 0;
  END IF;
  IF TG_OP = 'INSERT' OR TG_OP = 'UPDATE' AND leaves THEN
    INSERT INTO tick_page VALUES (tick_span(new.started_at), new.website_id, website_tick_bits(new));
  END IF;
  RETURN CASE WHEN TG_OP = 'DELETE' THEN old ELSE new END;
END $$;

CREATE OR REPLACE TRIGGER website_tick_write INSTEAD OF INSERT OR UPDATE OR DELETE ON website_tick
  FOR EACH ROW EXECUTE FUNCTION website_tick_write();
