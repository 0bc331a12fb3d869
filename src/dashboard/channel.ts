/* What a form says about a channel of alerts as the API wants it, and a channel in words. Pure. */
import type { Channel, ChannelKind, Json, NewChannel } from './types';

export const EVENTS: readonly [string, string][] = [
  ['incident.opened', 'It opens'], ['incident.escalated', 'It gets worse'],
  ['incident.resolved', 'It ends'],
];

export const SEVERITIES: readonly [string, string][] = [
  ['down', 'Down'], ['partial', 'Partial'], ['warning', 'Warning'], ['info', 'Info'],
];

/* Texts are as they were typed; '' is the default. */
export interface ChannelWishes {
  kind: ChannelKind;
  name: string;
  url: string;
  to: string;
  subject: string;
  text: string;
  events: string[]; /* none: all */
  severities: string[];
  recovery: boolean;
  delay: string; /* minutes */
  reminder: string;
  quietFrom: string; /* 22:00 */
  quietTo: string;
  zone: string;
  perHour: string;
}

const MINUTE = 60;

/* A number as the API wants it; what is none is sent as it is, to be refused in words. */
function amount(text: string, factor = 1): Json {
  const number = Number(text);
  return text === '' || Number.isNaN(number) ? text : Math.round(number * factor);
}

function settingsOf(w: ChannelWishes): Record<string, Json> {
  if (w.kind === 'webhook')
    return { url: w.url };
  return {
    to: w.to.split(/[\s,;]+/).filter((address) => address !== ''),
    ...(w.subject !== '' && { subject: w.subject }),
    ...(w.text !== '' && { text: w.text }),
  };
}

/* What the form does not know of stays. */
function merged(
  before: Record<string, Json>, members: Record<string, Json | null>,
): Record<string, Json> {
  const all = { ...before, ...members };

  return Object.fromEntries(
    Object.entries(all).filter((entry): entry is [string, Json] => entry[1] !== null));
}

function filterOf(w: ChannelWishes, before: Record<string, Json>): Record<string, Json> {
  return merged(before, {
    events: w.events.length > 0 ? w.events : null,
    severities: w.severities.length > 0 ? w.severities : null,
  });
}

function rulesOf(w: ChannelWishes, before: Record<string, Json>): Record<string, Json> {
  const quiet = w.quietFrom !== '' || w.quietTo !== '';
  const former = before.quietHours as Record<string, Json> | undefined;

  return merged(before, {
    recovery: w.recovery ? null : false,
    delaySeconds: w.delay === '' ? null : amount(w.delay, MINUTE),
    reminderSeconds: w.reminder === '' ? null : amount(w.reminder, MINUTE),
    quietHours: quiet
      ? { ...former, from: w.quietFrom, to: w.quietTo, timeZone: w.zone } : null,
    perHour: w.perHour === '' ? null : amount(w.perHour),
  });
}

export function channelBody(w: ChannelWishes, before?: Channel): NewChannel {
  return {
    kind: w.kind, name: w.name, settings: settingsOf(w),
    filter: filterOf(w, before?.filter ?? {}), rules: rulesOf(w, before?.rules ?? {}),
  };
}

function minutes(seconds: Json | undefined): string {
  return typeof seconds === 'number' ? String(seconds / MINUTE) : '';
}

function plain(value: Json | undefined): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

function list(value: Json | undefined): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

/* What the form shows at first. */
export function channelWishes(channel: Channel | null, zone: string): ChannelWishes {
  const { settings = {}, filter = {}, rules = {} } = channel ?? {};
  const quiet = (rules.quietHours ?? {}) as Record<string, Json>;

  return {
    kind: channel?.kind ?? 'webhook', name: channel?.name ?? '', url: plain(settings.url),
    to: list(settings.to).join(', '), subject: plain(settings.subject), text: plain(settings.text),
    events: list(filter.events), severities: list(filter.severities),
    recovery: rules.recovery !== false, delay: minutes(rules.delaySeconds),
    reminder: minutes(rules.reminderSeconds), quietFrom: plain(quiet.from),
    quietTo: plain(quiet.to), zone: plain(quiet.timeZone) || zone, perHour: plain(rules.perHour),
  };
}

export type ChannelState = 'disabled' | 'failing' | 'working';

export function channelState(channel: Pick<Channel, 'enabled' | 'failures'>): ChannelState {
  if (!channel.enabled)
    return 'disabled';
  return channel.failures > 0 ? 'failing' : 'working';
}

/* Where it leads. */
export function channelTarget({ settings }: Pick<Channel, 'settings'>): string {
  return list(settings.to).join(', ') || plain(settings.url);
}

const TYPES: Record<string, string> = {
  'incident.opened': 'Incident opened', 'incident.escalated': 'Incident got worse',
  'incident.resolved': 'Incident ended', test: 'Test',
};

/* A type that is newer than this page is told by its name. */
export function alertTitle(type: string): string {
  return TYPES[type] ?? type.replaceAll('.', ' ');
}
