-- oldest-program: 0.1.0
-- What else is set for a website: who may look at it, how sure people want to be, what it depends on, its tags.

-- Rules for the committee, as src/wire/rules.h says; empty: everybody may look.
ALTER TABLE website ADD COLUMN rules text NOT NULL DEFAULT '' CHECK (octet_length(rules) <= 512);

-- An incident opens (closes) when the verdict was DOWN (UP) so many judgements in a row and for so long.
ALTER TABLE website
  ADD COLUMN confirm_down    smallint NOT NULL DEFAULT 1 CHECK (confirm_down BETWEEN 1 AND 100),
  ADD COLUMN confirm_up      smallint NOT NULL DEFAULT 1 CHECK (confirm_up BETWEEN 1 AND 100),
  ADD COLUMN confirm_down_ms integer  NOT NULL DEFAULT 0 CHECK (confirm_down_ms BETWEEN 0 AND 86400000),
  ADD COLUMN confirm_up_ms   integer  NOT NULL DEFAULT 0 CHECK (confirm_up_ms BETWEEN 0 AND 86400000);

-- A certificate that ends within so many days is an incident of its own; 0: nobody is told.
ALTER TABLE website
  ADD COLUMN certificate_warn_days smallint NOT NULL DEFAULT 14 CHECK (certificate_warn_days BETWEEN 0 AND 365);

-- What it depends on, of the same organisation: while that is down, this one's incident says so. NULL: nothing.
ALTER TABLE website ADD COLUMN parent_id integer REFERENCES website CHECK (parent_id <> id);
CREATE INDEX website_by_parent ON website (parent_id) WHERE parent_id IS NOT NULL;

-- A URL may be watched once for each family of addresses: two websites, each with a verdict of its own.
DROP INDEX website_url_once;
CREATE UNIQUE INDEX website_url_once ON website (organisation_id, url, family) WHERE removed_at IS NULL;

-- Tags are labels that an organisation gives its websites, as prod or team-web, and by which its channels of alerts
-- choose. What validators say about themselves is another matter. In order of their bytes, each once.
CREATE FUNCTION website_tags_fit(p_tags text[]) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
  SELECT cardinality(p_tags) <= 16
     AND p_tags = ARRAY(SELECT DISTINCT t COLLATE "C" FROM unnest(p_tags) t
                         WHERE t COLLATE "C" ~ '^[a-z0-9._-]{1,32}$' ORDER BY 1)
$$;

-- Of a list with commas.
CREATE FUNCTION website_tags(p_list text) RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
  SELECT ARRAY(SELECT DISTINCT t COLLATE "C" FROM unnest(string_to_array(p_list, ',')) t ORDER BY 1)
$$;

ALTER TABLE website ADD COLUMN tags text[] NOT NULL DEFAULT '{}'
  CONSTRAINT website_tags_fit CHECK (website_tags_fit(tags));
