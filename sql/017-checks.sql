-- oldest-program: 0.1.0
-- Checks of more kinds, and with more to say than a URL.

-- "push:a" and "dns:a" are short.
ALTER TABLE website DROP CONSTRAINT website_url_check, ADD CHECK (length(url) BETWEEN 5 AND 2048);

-- The exact bytes of what is checked, as src/wire/spec.h says; empty: as by default of the URL.
ALTER TABLE website ADD COLUMN specification text NOT NULL DEFAULT '' CHECK (octet_length(specification) <= 4096);

-- Slower than this in the middle of the votes is DEGRADED; 0: nothing is.
ALTER TABLE website ADD COLUMN slow_ms integer NOT NULL DEFAULT 0 CHECK (slow_ms BETWEEN 0 AND 60000);

-- Only over this family of addresses: 4 or 6; 0: whichever.
ALTER TABLE website ADD COLUMN family smallint NOT NULL DEFAULT 0 CHECK (family IN (0, 4, 6));

-- Kinds of checks that it declared at its last join, "http", "tcp" ..., and the families it has, "ipv4", "ipv6":
-- committees for others do not ask it.
ALTER TABLE validator ADD COLUMN capabilities text[] NOT NULL DEFAULT '{http}';
