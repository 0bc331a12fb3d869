/* The websites this page knows. Each has a signal of its own, so one tick redraws one row;
 * `version` changes only when the set of websites or a state does. */
import { computed, signal, type Signal } from '@preact/signals';
import { STATES } from './states';
import type { Beat, Flapping, LiveEvent, State, TickEvent, VerdictChanged, Website } from './types';

export const BEATS = 40;

export class SiteStore {
  readonly version = signal(0);
  readonly counts = computed(() => this.countStates());
  readonly size = computed(() => (this.version.value, this.byId.size));
  private readonly byId = new Map<string, Signal<Website>>();

  get(id: string): Signal<Website> | undefined {
    return this.byId.get(id);
  }

  all(): Website[] {
    return [...this.byId.values()].map((site) => site.peek());
  }

  /* Takes a complete list: rows that stay keep their signal. */
  replace(list: Website[]): void {
    const keep = new Set(list.map((site) => site.id));

    for (const id of this.byId.keys())
      if (!keep.has(id))
        this.byId.delete(id);
    for (const site of list)
      this.put(site);
    this.version.value++;
  }

  apply(event: LiveEvent): void {
    switch (event.name) {
      case 'tick': return this.addTick(event.data);
      case 'verdict.changed': return this.setVerdict(event.data);
      case 'website.flapping': return this.setFlapping(event.data);
      case 'website.added': return this.add(event.data);
      case 'website.removed': return this.remove(event.data.id);
      default: return undefined;
    }
  }

  clear(): void {
    this.byId.clear();
    this.version.value++;
  }

  remove(id: string): void {
    if (this.byId.delete(id))
      this.version.value++;
  }

  private put(site: Website): void {
    const known = this.byId.get(site.id);
    const complete = { ...site, beats: site.beats ?? [] };

    if (known)
      known.value = complete;
    else
      this.byId.set(site.id, signal(complete));
  }

  private add({ id, url, name }: { id: string; url: string; name?: string | null }): void {
    if (this.byId.has(id))
      return;
    this.put({
      id, url, name: name ?? null, state: 'UNKNOWN', assurance: null, since: null,
      uptime24h: null, lastChecked: null, latencyMs: null, beats: [],
    });
    this.version.value++;
  }

  private setVerdict({ websiteId, state, assurance, since }: VerdictChanged): void {
    const site = this.byId.get(websiteId);

    if (!site || isBefore(since, site.peek().since))
      return;
    const changed = site.peek().state !== state;
    site.value = { ...site.peek(), state, assurance, since };
    if (changed)
      this.version.value++;
  }

  private setFlapping({ websiteId, until }: Flapping): void {
    const site = this.byId.get(websiteId);

    if (site)
      site.value = { ...site.peek(), flappingUntil: until };
  }

  private addTick(tick: TickEvent): void {
    const site = this.byId.get(tick.websiteId);

    if (!site)
      return;
    const old = site.peek();
    const beats = withBeat(old.beats, tick);
    if (beats === old.beats)
      return;
    const newest = !isBefore(tick.createdAt, old.lastChecked);
    site.value = {
      ...old,
      beats,
      lastChecked: newest ? tick.createdAt : old.lastChecked,
      latencyMs: newest && tick.status === 'Good' ? tick.latency : old.latencyMs,
    };
  }

  private countStates(): Map<State, number> {
    const counts = new Map<State, number>(STATES.map((state) => [state, 0]));

    void this.version.value;
    for (const site of this.byId.values()) {
      const state = site.peek().state;
      counts.set(state, (counts.get(state) ?? 0) + 1);
    }
    return counts;
  }
}

function isBefore(at: string, other: string | null): boolean {
  return other !== null && Date.parse(at) < Date.parse(other);
}

/* The beats with one more, in order of time, the newest `cap` of them; the same array if the beat
 * is known already, or older than all that are kept. */
export function withBeat<T extends Beat>(beats: T[], beat: T, cap = BEATS): T[] {
  const time = Date.parse(beat.createdAt);
  let at = beats.length;

  while (at > 0) {
    const earlier = beats[at - 1]!;
    if (sameBeat(earlier, beat))
      return beats;
    if (Date.parse(earlier.createdAt) < time)
      break;
    at--;
  }
  if (at === 0 && beats.length >= cap)
    return beats;
  return [...beats.slice(0, at), beat, ...beats.slice(at)].slice(-cap);
}

function sameBeat(a: Beat, b: Beat): boolean {
  return Date.parse(a.createdAt) === Date.parse(b.createdAt)
    && a.status === b.status && a.latency === b.latency;
}
