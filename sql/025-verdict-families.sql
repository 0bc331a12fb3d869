-- oldest-program: 0.1.0
-- A verdict names the family of addresses over which alone a website is down: [4] or [6].
ALTER TABLE verdict_span ADD COLUMN families jsonb NOT NULL DEFAULT '[]';
