/* What a form says about a channel of alerts as the API wants it, and a channel in words. Pure. */
import { splitList } from './format';
import type { Channel, ChannelKind, Json, NewChannel } from './types';

export const EVENTS: readonly [string, string][] = [
  ['incident.opened', 'It opens'], ['incident.escalated', 'It gets worse'],
  ['incident.resolved', 'It ends'],
];

export const SEVERITIES: readonly [string, string][] = [
  ['down', 'Down'], ['partial', 'Partial'], ['warning', 'Warning'], ['info', 'Info'],
];

export const DAYS: readonly [string, string][] = [
  ['mon', 'Monday'], ['tue', 'Tuesday'], ['wed', 'Wednesday'], ['thu', 'Thursday'],
  ['fri', 'Friday'], ['sat', 'Saturday'], ['sun', 'Sunday'],
];

/* Those that people set here; programs are set by dpinctl. */
export const KINDS: readonly [ChannelKind, string][] = [
  ['webhook', 'Webhook'], ['email', 'E-mail'], ['alertmanager', 'Alertmanager'],
  ['apprise', 'Apprise'],
];

/* Texts are as they were typed; '' is the default. */
export interface ChannelWishes {
  kind: ChannelKind;
  name: string;
  url: string;
  user: string;
  password: string; /* what was is never known here, as of a token and of Apprise's URL */
  token: string;
  to: string;
  subject: string;
  text: string;
  events: string[]; /* none: all, as of the next three */
  severities: string[];
  websites: string[]; /* ids */
  tags: string;
  recovery: boolean;
  delay: string; /* minutes */
  reminder: string;
  quietFrom: string; /* 22:00 */
  quietTo: string;
  zone: string;
  days: string[]; /* none: all */
  except: string[]; /* severities */
  perHour: string;
  digestFrom: string;
}

const MINUTE = 60;

/* A number as the API wants it; what is none is sent as it is, to be refused in words. */
function amount(text: string, factor = 1): Json {
  const number = Number(text);
  return text === '' || Number.isNaN(number) ? text : Math.round(number * factor);
}

type TextName = 'url' | 'user' | 'password' | 'token' | 'subject' | 'text';

const SETTINGS: Record<ChannelKind, readonly TextName[]> = {
  webhook: ['url'], email: ['subject', 'text'], apprise: ['url', 'subject', 'text'],
  alertmanager: ['url', 'user', 'password', 'token', 'subject', 'text'],
};

function settingsOf(w: ChannelWishes): Record<string, Json> {
  const texts = SETTINGS[w.kind].filter((name) => w[name] !== '' || name === 'url');

  return {
    ...(w.kind === 'email' && { to: splitList(w.to) }),
    ...Object.fromEntries(texts.map((name) => [name, w[name]])),
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

function some(list: string[]): string[] | null {
  return list.length > 0 ? list : null;
}

function filterOf(w: ChannelWishes, before: Record<string, Json>): Record<string, Json> {
  return merged(before, {
    events: some(w.events),
    severities: some(w.severities),
    websites: some(w.websites),
    tags: some(splitList(w.tags)),
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
      ? merged(former ?? {}, {
        from: w.quietFrom, to: w.quietTo, timeZone: w.zone, days: some(w.days),
        except: some(w.except),
      }) : null,
    perHour: w.perHour === '' ? null : amount(w.perHour),
    digestFrom: w.digestFrom === '' ? null : amount(w.digestFrom),
  });
}

export function channelBody(w: ChannelWishes, before?: Channel): NewChannel {
  return {
    kind: w.kind, name: w.name, settings: settingsOf(w),
    filter: filterOf(w, before?.filter ?? {}), rules: rulesOf(w, before?.rules ?? {}),
  };
}

/* Settings replace what was, with what is secret in them: so they are sent only if they change. */
export function channelChange(w: ChannelWishes, before: Channel): Partial<NewChannel> {
  const { name, settings, filter, rules } = channelBody(w, before);
  const former = settingsOf(channelWishes(before, ''));
  const same = JSON.stringify(settings) === JSON.stringify(former);

  return { name, filter, rules, ...(!same && { settings }) };
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
    user: plain(settings.user), password: '', token: '', to: list(settings.to).join(', '),
    subject: plain(settings.subject), text: plain(settings.text),
    events: list(filter.events), severities: list(filter.severities),
    websites: list(filter.websites), tags: list(filter.tags).join(', '),
    recovery: rules.recovery !== false, delay: minutes(rules.delaySeconds),
    reminder: minutes(rules.reminderSeconds), quietFrom: plain(quiet.from),
    quietTo: plain(quiet.to), zone: plain(quiet.timeZone) || zone, days: list(quiet.days),
    except: list(quiet.except), perHour: plain(rules.perHour), digestFrom: plain(rules.digestFrom),
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
