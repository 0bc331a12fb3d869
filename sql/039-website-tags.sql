-- oldest-program: 0.1.0
-- Labels that an organisation gives its websites, as prod or team-web, and by which its channels of alerts choose. What
-- validators say about themselves is another matter.

-- In order of their bytes, each once.
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

-- With the tags of the website, if it has any.
CREATE OR REPLACE FUNCTION alert_facts(p_incident incident) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_strip_nulls(jsonb_build_object(
    'incidentId', p_incident.public_id, 'websiteId', w.public_id, 'url', w.url, 'name', w.name,
    'tags', nullif(to_jsonb(w.tags), '[]'),
    'kind', p_incident.kind, 'severity', p_incident.severity, 'cause', p_incident.cause,
    'summary', nullif(p_incident.summary, ''),
    'openedAt', rfc3339(p_incident.opened_at), 'firstEvidenceAt', rfc3339(p_incident.first_evidence_at),
    'closedAt', rfc3339(p_incident.closed_at),
    'seconds', extract(epoch FROM p_incident.closed_at - p_incident.opened_at)::bigint,
    'ending', CASE WHEN p_incident.closed_at IS NULL THEN NULL WHEN w.removed_at IS NOT NULL THEN 'removed'
                   WHEN w.paused THEN 'paused' ELSE 'recovered' END,
    'assurance', s.assurance, 'seats', s.n,
    'down', (SELECT count(*) FROM jsonb_array_elements(s.votes) v WHERE v->>'vote' = 'down'),
    'regions', (SELECT jsonb_agg(DISTINCT d.region) FROM jsonb_array_elements(s.votes) v
                  JOIN validator d ON key_text(d.key) = v->>'validatorId'
                 WHERE v->>'vote' = 'down' AND d.region <> '')))
    FROM website w LEFT JOIN verdict_span s ON s.website_id = w.id AND s.ended_at IS NULL
   WHERE w.id = p_incident.website_id
$$;

-- Any of the tags will do.
CREATE OR REPLACE FUNCTION alert_wanted(p_filter jsonb, p_kind text, p_facts jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
  SELECT (NOT p_filter ? 'events' OR p_filter->'events' ? p_kind)
     AND (NOT p_filter ? 'websites' OR p_filter->'websites' ? (p_facts->>'websiteId'))
     AND (NOT p_filter ? 'tags' OR p_filter->'tags' ?| ARRAY(SELECT jsonb_array_elements_text(p_facts->'tags')))
     AND (NOT p_filter ? 'kinds' OR p_filter->'kinds' ? (p_facts->>'kind'))
     AND (NOT p_filter ? 'severities' OR p_filter->'severities' ? (p_facts->>'severity'))
$$;
