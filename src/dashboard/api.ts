/* One function per REST call. Every failure is a Problem with words that can be shown. */
import { signOut, token } from './session';
import type {
  Alert, AlertWhole, Channel, Incident, IncidentWhole, Latency, Maintenance, NewChannel,
  NewMaintenance, NewWebsite, Validator, Verdict, Website, WebsiteEdit, WebsiteStatus, Window,
} from './types';

const PAGE_SIZE = 500;
const VERDICTS = 20; /* of a page */

interface ProblemBody {
  title?: string;
  detail?: string;
  errors?: unknown;
}

export class Problem extends Error {
  constructor(
    readonly status: number, message: string, readonly details: string[] = [],
    readonly location: string | null = null, /* what stands in the way */
  ) {
    super(message);
  }
}

/* The words of one entry of `errors`: a string, or an object with a detail and where it applies. */
function errorText(entry: unknown): string {
  if (typeof entry !== 'object' || entry === null)
    return String(entry);

  const { detail, message, field, pointer } = entry as Record<string, unknown>;
  const where = field ?? pointer;
  const what = String(detail ?? message ?? 'is not valid');

  return where === undefined ? what : `${String(where)}: ${what}`;
}

async function problemOf(response: Response): Promise<Problem> {
  let body: ProblemBody = {};

  try {
    body = await response.json() as ProblemBody;
  } catch {
    /* not JSON: a proxy answered; the status has to do */
  }
  const errors = Array.isArray(body.errors) ? body.errors.map(errorText) : [];
  const message = body.detail || body.title || `The server answered ${response.status}.`;

  return new Problem(
    response.status, message, errors.filter((text) => text !== message),
    response.headers.get('Location'));
}

/* fetch() with the token. A refused token ends the session, unless another one replaced it. */
export async function request(path: string, init: RequestInit = {}): Promise<Response> {
  const used = token.value;
  const headers = new Headers(init.headers);

  if (used !== null)
    headers.set('Authorization', `Bearer ${used}`);
  const response = await send(path, { ...init, headers, cache: 'no-store' });
  if (response.ok)
    return response;

  const problem = await problemOf(response);
  if (response.status === 401 && token.value === used)
    signOut('The server does not accept this token. It may be mistyped, expired or revoked.');
  throw problem;
}

async function send(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(path, init);
  } catch (error) {
    if (init.signal?.aborted)
      throw error;
    throw new Problem(0, 'The server cannot be reached.');
  }
}

async function get<T>(
  path: string, query: Record<string, string> = {}, signal?: AbortSignal,
): Promise<T> {
  const search = new URLSearchParams(query).toString();
  const response = await request(
    `/api/v1/${path}${search && `?${search}`}`, signal ? { signal } : {});

  return await response.json() as T;
}

/* All websites, page after page. */
export async function allWebsites(signal?: AbortSignal): Promise<Website[]> {
  const all: Website[] = [];
  let cursor: string | null | undefined;

  do {
    const query: Record<string, string> = { limit: String(PAGE_SIZE) };
    if (cursor)
      query.cursor = cursor;
    const page: { websites: Website[]; nextCursor?: string | null } =
      await get('websites', query, signal);
    all.push(...page.websites);
    cursor = page.nextCursor;
  } while (cursor);
  return all;
}

export function websiteStatus(websiteId: string, signal?: AbortSignal): Promise<WebsiteStatus> {
  return get('website/status', { websiteId }, signal);
}

export function verdict(websiteId: string, signal?: AbortSignal): Promise<Verdict> {
  return get('website/verdict', { websiteId }, signal);
}

export interface VerdictPage {
  verdicts: Verdict[];
  nextCursor: string | null;
}

/* All verdicts so far, the newest first, with the votes by which they were made. */
export function verdicts(
  websiteId: string, cursor: string | null, signal?: AbortSignal,
): Promise<VerdictPage> {
  return get(
    'website/verdicts', { websiteId, limit: String(VERDICTS), ...(cursor && { cursor }) }, signal);
}

export function latency(
  websiteId: string, window: Window, signal?: AbortSignal,
): Promise<Latency> {
  return get('website/latency', { websiteId, window }, signal);
}

export interface IncidentPage {
  incidents: Incident[];
  nextCursor?: string | null;
}

export function incidents(
  query: { websiteId?: string; limit?: string; cursor?: string }, signal?: AbortSignal,
): Promise<IncidentPage> {
  return get('incidents', query, signal);
}

/* One, with so many pages of its timeline. */
export async function incident(
  id: string, pages: number, signal?: AbortSignal,
): Promise<IncidentWhole> {
  const path = `incident/${encodeURIComponent(id)}`;
  const whole = await get<IncidentWhole>(path, {}, signal);

  for (let page = 1; page < pages && whole.nextCursor; page++) {
    const next = await get<IncidentWhole>(path, { cursor: whole.nextCursor }, signal);
    whole.events.push(...next.events);
    whole.nextCursor = next.nextCursor;
  }
  return whole;
}

async function post<T>(path: string, body?: unknown): Promise<T> {
  const response = await request(`/api/v1/${path}`, {
    method: 'POST',
    ...(body === undefined ? {} : {
      headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body),
    }),
  });

  return await response.json() as T;
}

async function act(id: string, deed: string, body?: unknown): Promise<void> {
  await post(`incident/${encodeURIComponent(id)}/${deed}`, body);
}

export function acknowledgeIncident(id: string): Promise<void> {
  return act(id, 'acknowledge');
}

/* null: nobody. */
export function assignIncident(id: string, assignee: string | null): Promise<void> {
  return act(id, 'assign', { assignee });
}

export function noteIncident(id: string, text: string): Promise<void> {
  return act(id, 'note', { text });
}

export function resolveIncident(id: string): Promise<void> {
  return act(id, 'resolve');
}

/* Its id. */
export async function reportIncident(
  websiteId: string, title: string, text: string,
): Promise<string> {
  return (await post<{ id: string }>('incident', { websiteId, title, text })).id;
}

export async function validators(signal?: AbortSignal): Promise<Validator[]> {
  return (await get<{ validators: Validator[] }>('validators', {}, signal)).validators;
}

export async function addWebsite(website: NewWebsite): Promise<string> {
  const response = await request('/api/v1/website', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(website),
  });

  return (await response.json() as { id: string }).id;
}

/* The path that this website calls from now on; the former one ends. */
export async function makeHeartbeat(websiteId: string): Promise<string> {
  const response = await request('/api/v1/website/heartbeat', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ websiteId }),
  });

  return (await response.json() as { path: string }).path;
}

export async function changeWebsite(websiteId: string, edit: WebsiteEdit): Promise<void> {
  await request('/api/v1/website', {
    method: 'PATCH',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ websiteId, ...edit }),
  });
}

/* When this website is worked at. */
export async function maintenance(
  websiteId: string, signal?: AbortSignal,
): Promise<Maintenance[]> {
  return (await get<{ maintenance: Maintenance[] }>('maintenance', { websiteId }, signal))
    .maintenance;
}

export async function addMaintenance(window: NewMaintenance): Promise<void> {
  await request('/api/v1/maintenance', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(window),
  });
}

export async function removeMaintenance(id: string): Promise<void> {
  await request(`/api/v1/maintenance/${id}`, { method: 'DELETE' });
}

/* All channels of alerts, page after page. */
export async function channels(signal?: AbortSignal): Promise<Channel[]> {
  const all: Channel[] = [];
  let cursor: string | null = null;

  do {
    const page: { channels: Channel[]; nextCursor: string | null } =
      await get('channels', { limit: String(PAGE_SIZE), ...(cursor && { cursor }) }, signal);
    all.push(...page.channels);
    cursor = page.nextCursor;
  } while (cursor);
  return all;
}

function channelPath(id: string): string {
  return `channel/${encodeURIComponent(id)}`;
}

/* Its secret, told this once; null: it has none. */
export async function addChannel(channel: NewChannel): Promise<string | null> {
  return (await post<{ secret?: string }>('channel', channel)).secret ?? null;
}

export async function changeChannel(id: string, change: Partial<NewChannel>): Promise<void> {
  await request(`/api/v1/${channelPath(id)}`, {
    method: 'PATCH',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(change),
  });
}

export async function removeChannel(id: string): Promise<void> {
  await request(`/api/v1/${channelPath(id)}`, { method: 'DELETE' });
}

export async function enableChannel(id: string): Promise<void> {
  await request(`/api/v1/${channelPath(id)}/enable`, { method: 'POST' });
}

/* The new secret, told this once. */
export async function rotateChannel(id: string): Promise<string> {
  return (await post<{ secret: string }>(`${channelPath(id)}/rotate`)).secret;
}

/* The id of the alert that tests it. */
export async function testChannel(id: string): Promise<string> {
  return (await post<{ id: string }>(`${channelPath(id)}/test`)).id;
}

export interface AlertPage {
  alerts: Alert[];
  nextCursor: string | null;
}

export function alerts(
  query: { channelId?: string; cursor?: string; limit?: string }, signal?: AbortSignal,
): Promise<AlertPage> {
  return get('alerts', query, signal);
}

export function alert(id: string, signal?: AbortSignal): Promise<AlertWhole> {
  return get(`alert/${encodeURIComponent(id)}`, {}, signal);
}

export async function replayAlert(id: string): Promise<void> {
  await request(`/api/v1/alert/${encodeURIComponent(id)}/replay`, { method: 'POST' });
}

export async function removeWebsite(websiteId: string): Promise<void> {
  const query = new URLSearchParams({ websiteId }).toString();

  await request(`/api/v1/website?${query}`, { method: 'DELETE' });
}
