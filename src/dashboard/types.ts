/* The shapes of the REST answers and live events, as the API sends them. */

export type State =
  | 'UP' | 'DOWN' | 'PARTIAL' | 'DEGRADED' | 'UNKNOWN' | 'MAINTENANCE' | 'PAUSED';

export type Assurance = 'full' | 'reduced' | 'single';

export type Window = '1h' | '24h' | '7d' | '30d';

export interface Beat {
  createdAt: string;
  status: 'Good' | 'Bad';
  latency: number | null;
}

export interface Tick extends Beat {
  validatorId: string;
  region: string | null;
}

export interface Website {
  id: string;
  url: string;
  name?: string | null;
  tags?: string[];
  state: State;
  flappingUntil?: string | null; /* null: its verdict does not change too often */
  assurance: Assurance | null;
  since: string | null;
  uptime24h: number | null;
  lastChecked: string | null;
  latencyMs: number | null;
  beats: Beat[];
}

export type CheckKind = 'http' | 'tcp' | 'tls' | 'dns' | 'icmp' | 'push';

export interface Assertion {
  source: string;
  property?: string;
  operator: string;
  value?: string;
}

export interface Check {
  invert?: boolean;
  method?: string;
  redirects?: number;
  status?: string;
  headers?: { name: string; value: string }[];
  body?: string;
  assertions?: Assertion[];
  certificateDays?: number;
  tlsMin?: string;
  httpVersion?: string;
  send?: string;
  expect?: string;
  rcode?: string;
  count?: number;
  lossMax?: number;
}

/* What is set for a website, beside name and check; null: nothing. */
export interface Settings {
  intervalMs: number;
  timeoutMs: number;
  slowMs: number | null;
  seats: number;
  family: number | null;
  rules: string;
  confirmDown: number;
  confirmUp: number;
  confirmDownMs: number;
  confirmUpMs: number;
  certificateWarnDays: number;
}

export interface WebsiteStatus {
  id: string;
  url: string;
  name?: string | null;
  tags?: string[];
  check: Check | null; /* null: a plain look at the URL */
  paused: boolean;
  parentId: string | null;
  settings: Settings;
  state: State;
  flappingUntil?: string | null;
  assurance: Assurance | null;
  since: string | null;
  uptime: { '24h': number | null; '7d': number | null; '30d': number | null };
  uptimeMethod: 'verdict-time';
  ticks: Tick[];
}

export type Vote = 'up' | 'down' | 'abstain' | 'missing';

export type Missing = 'away' | 'silent' | 'abstained' | 'empty';

export interface Seat {
  seat: number;
  validatorId: string | null;
  validatorName: string | null;
  region: string | null;
  vote: Vote;
  at: string | null;
  ageMs: number | null;
  latencyMs: number | null;
  error: string | null;
  missing: Missing | null; /* why it gives no vote */
  awaySince: string | null;
}

export interface Verdict {
  state: State;
  assurance: Assurance | null;
  cause: string | null;
  since: string | null;
  until: string | null;
  firstEvidenceAt: string | null;
  why: string;
  n: number;
  f: number;
  q: number;
  rule: string | null;
  seats: Seat[];
}

export const PHASES = ['dns', 'connect', 'tls', 'wait', 'transfer'] as const;
export type Phase = typeof PHASES[number];

export type PhasePoint = { at: string; count: number } & Record<Phase, number | null>;

export interface ValidatorLine {
  validatorId: string;
  name: string | null;
  region: string | null;
  points: { at: string; latency: number | null }[];
}

export interface Latency {
  bucketMs: number;
  phases: PhasePoint[];
  validators: ValidatorLine[];
}

export interface Incident {
  id: string;
  websiteId: string;
  url: string;
  kind: string;
  severity?: string;
  state?: string;
  cause: string | null;
  summary?: string;
  regions?: string[];
  openedAt: string;
  firstEvidenceAt?: string | null;
  lastEvidenceAt?: string | null;
  closedAt: string | null;
  acknowledgedAt?: string | null;
  suppressedBy?: string | null; /* the incident of what the website depends on */
}

export interface IncidentEvent {
  at: string;
  kind: string;
  actor: string | null; /* null: the hub */
  detail: Record<string, unknown>;
}

export interface IncidentWhole extends Incident {
  name: string | null;
  websiteRemoved: boolean;
  acknowledgedAt: string | null;
  acknowledgedBy: string | null;
  assignee: string | null;
  events: IncidentEvent[];
  nextCursor: string | null;
}

export interface Validator {
  id: string;
  name: string | null;
  state: 'pending' | 'approved' | 'suspended';
  region: string | null;
  tags: string[];
  connected: boolean;
  lastSeen: string | null;
  ticks24h: number;
  pendingPayouts: number;
}

export interface NewWebsite {
  url: string;
  name?: string;
  tags?: string[];
  intervalMs?: number;
  slowMs?: number;
  check?: Check;
}

/* What is absent stays as it is; null is the default. */
export type WebsiteEdit = { [K in keyof Settings]?: Settings[K] | null } & {
  name?: string | null;
  tags?: string[];
  paused?: boolean;
  parentId?: string | null;
};

/* Either from and until, or cron, durationMs and timeZone. */
export interface NewMaintenance {
  websiteIds: string[] | null; /* null: all */
  title?: string;
  from?: string;
  until?: string;
  cron?: string;
  durationMs?: number;
  timeZone?: string;
}

export interface Maintenance {
  id: string;
  websiteIds: string[] | null;
  title: string;
  cron: string | null;
  timeZone: string | null;
  next: { from: string; until: string | null }[]; /* until null: no end is in sight */
}

export type Json = string | number | boolean | Json[] | { [name: string]: Json };

export type ChannelKind = 'webhook' | 'email' | 'alertmanager' | 'apprise';

export interface NewChannel {
  kind: ChannelKind;
  name: string;
  settings: Record<string, Json>;
  filter: Record<string, Json>;
  rules: Record<string, Json>;
}

/* Where alerts go. Its kind may be one that is newer than this page. */
export interface Channel extends NewChannel {
  id: string;
  sealed?: boolean; /* some of its settings are secret, and not among those shown */
  enabled: boolean;
  disabledReason: string | null;
  failures: number; /* in a row */
  failingSince: string | null;
  waiting: number;
  refused: number; /* alerts that were too many */
  createdAt: string;
}

export interface Alert {
  id: string;
  channelId: string;
  channelName: string;
  type: string;
  url: string | null;
  incidentId: string | null;
  state: 'pending' | 'delivered' | 'failed' | 'dropped';
  error: string | null;
  tries: number;
  createdAt: string;
  nextTryAt: string | null;
  doneAt: string | null;
}

export interface Delivery {
  at: string;
  tookMs: number;
  ok: boolean;
  status: number | null;
  error: string | null;
}

export interface AlertWhole extends Alert {
  deliveries: Delivery[];
}

export interface Flapping {
  websiteId: string;
  until: string | null; /* null: no longer */
}

export interface VerdictChanged {
  websiteId: string;
  url: string;
  state: State;
  assurance: Assurance | null;
  since: string;
}

export type TickEvent = Tick & { websiteId: string };

export type IncidentEventName =
  | 'incident.opened' | 'incident.changed' | 'incident.acknowledged' | 'incident.noted'
  | 'incident.assigned' | 'incident.closed';

/* One event of the stream; the name decides what `data` is. */
export type LiveEvent =
  | { name: 'verdict.changed'; data: VerdictChanged }
  | { name: 'tick'; data: TickEvent }
  | { name: IncidentEventName; data: Incident }
  | { name: 'website.flapping'; data: Flapping }
  | { name: 'website.added'; data: { id: string; url: string; name?: string | null } }
  | { name: 'website.removed'; data: { id: string } }
  | { name: 'validator.online' | 'validator.offline'; data: { id: string } }
  | { name: 'reset'; data: null };
