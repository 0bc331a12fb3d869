-- oldest-program: 0.1.0
-- A URL may be watched once for each family of addresses: two websites, each with a verdict of its own.
DROP INDEX website_url_once;
CREATE UNIQUE INDEX website_url_once ON website (organisation_id, url, family) WHERE removed_at IS NULL;
