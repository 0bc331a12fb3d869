-- oldest-program: 0.1.0
-- A verdict names the regions where its panels find the website down, and whether they count.
ALTER TABLE verdict_span ADD COLUMN regions jsonb NOT NULL DEFAULT '[]';
