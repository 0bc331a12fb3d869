/* Incidents and their timelines in words. Pure. */
import type { Incident, IncidentEvent } from './types';

/* "heartbeat_missing" as "Heartbeat missing". */
export function words(text: string): string {
  const plain = text.replace(/[_-]+/g, ' ').toLowerCase();
  return plain.charAt(0).toUpperCase() + plain.slice(1);
}

/* What it is, in a sentence if there is one. */
export function incidentTitle(incident: Pick<Incident, 'cause' | 'kind' | 'summary'>): string {
  return incident.summary || words(incident.cause || incident.kind);
}

export function actorName(actor: string | null): string {
  return actor ?? 'dpin';
}

const EVENT: Record<string, string> = {
  acknowledged: 'Acknowledged', closed: 'Closed', eased: 'Got better', escalated: 'Got worse',
  flapping: 'Began to flap', noted: 'Note', opened: 'Opened', steady: 'Stopped flapping',
};

export function eventLabel({ kind, actor, detail }: IncidentEvent): string {
  if (kind === 'assigned')
    return detail.assignee ? `Assigned to ${String(detail.assignee)}` : 'Assigned to nobody';
  if (kind === 'opened' && actor !== null)
    return 'Reported';
  if (kind === 'closed' && actor !== null)
    return 'Resolved';
  return EVENT[kind] ?? words(kind);
}

/* What people, or the hub, said of it; null: nothing. */
export function eventText({ detail }: IncidentEvent): string | null {
  const text = detail.text ?? detail.summary;
  return typeof text === 'string' && text !== '' ? text : null;
}
