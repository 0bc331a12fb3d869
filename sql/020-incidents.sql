-- oldest-program: 0.1.0
-- Incidents say how bad it is and why in a sentence; their timelines say who did what; spans how unquiet a
-- website is, and where it is down.

ALTER TABLE incident
  ADD COLUMN severity text NOT NULL DEFAULT 'down' CHECK (severity IN ('down', 'partial', 'warning', 'info')),
  ADD COLUMN summary text NOT NULL DEFAULT '',             -- the cause for people; cause is the machine's word for it
  ADD COLUMN last_evidence_at timestamptz NOT NULL DEFAULT now(), -- as of the newest row of its timeline
  ADD COLUMN regions text[] NOT NULL DEFAULT '{}';         -- of those who saw it
UPDATE incident SET last_evidence_at = coalesce(closed_at, opened_at);

-- 'opened', 'escalated', 'eased', 'flapping', 'steady', 'closed', and what people do.
ALTER TABLE incident_event ADD COLUMN actor text;          -- NULL: the hub itself

-- What the score of changes of the verdict was when the span began, and until when it counts as flapping if nothing
-- more changes (NULL: it does not): all that a hub has to know to go on with both.
ALTER TABLE verdict_span
  ADD COLUMN flap_score real NOT NULL DEFAULT 0,
  ADD COLUMN flapping_until timestamptz;

-- Where the website is down: regions whose panels find it so, and whether they count; and the family of addresses over
-- which alone it is: [4] or [6].
ALTER TABLE verdict_span
  ADD COLUMN regions  jsonb NOT NULL DEFAULT '[]',
  ADD COLUMN families jsonb NOT NULL DEFAULT '[]';
