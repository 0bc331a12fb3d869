/* Joins the live stream, the list of websites and the views: what the list missed is read anew,
 * what arrives while it is being read is applied again on top. */
import { signal } from '@preact/signals';
import { allWebsites } from './api';
import { LiveStream } from './live';
import { SiteStore } from './store';
import type { LiveEvent } from './types';

type Listener = (event: LiveEvent) => void;

/* The list does not wait longer for the stream to open. */
const STREAM_PATIENCE_MS = 1_500;
/* Values that no event carries (uptime) are read again this often, and soon after a verdict. */
const REFRESH_MS = 120_000;
const REFRESH_AFTER_VERDICT_MS = 5_000;

export type Loading = 'loading' | 'ready' | 'failed';

export class Feed {
  readonly sites = new SiteStore();
  readonly loading = signal<Loading>('loading');
  readonly error = signal<string | null>(null);

  private readonly listeners = new Set<Listener>();
  private stream: LiveStream | null = null;
  private reading: AbortController | null = null;
  private readAgain = false;
  private meanwhile: LiveEvent[] = [];
  private refreshAt = Number.POSITIVE_INFINITY;
  private timer: ReturnType<typeof setInterval> | null = null;

  start(): void {
    this.stop();
    this.loading.value = 'loading';
    this.refreshAt = Date.now() + STREAM_PATIENCE_MS;
    this.timer = setInterval(() => this.refreshIfDue(), 500);
    this.stream = new LiveStream({
      onOpen: (resumed) => this.onOpen(resumed),
      onEvent: (event) => this.onEvent(event),
    });
    this.stream.start();
  }

  stop(): void {
    this.stream?.stop();
    this.stream = null;
    this.reading?.abort();
    this.reading = null;
    if (this.timer !== null)
      clearInterval(this.timer);
    this.timer = null;
    this.sites.clear();
  }

  /* Calls back for every live event, until the returned function is called. */
  subscribe(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /* Reads the whole list. While a reading is under way (it may have begun too early for the caller)
   * another follows it, however often it was asked for. */
  async reload(): Promise<void> {
    if (this.reading) {
      this.readAgain = true;
      return;
    }
    const reading = this.reading = new AbortController();
    do {
      this.readAgain = false;
      await this.read(reading);
    } while (this.readAgain && this.reading === reading);
    if (this.reading === reading)
      this.reading = null;
  }

  private async read(reading: AbortController): Promise<void> {
    this.meanwhile = [];
    this.refreshAt = Date.now() + REFRESH_MS;
    try {
      const list = await allWebsites(reading.signal);
      if (this.reading !== reading)
        return;
      this.sites.replace(list);
      this.meanwhile.forEach((event) => this.sites.apply(event));
      this.loading.value = 'ready';
      this.error.value = null;
    } catch (error) {
      if (this.reading !== reading)
        return;
      this.loading.value = this.loading.value === 'ready' ? 'ready' : 'failed';
      this.error.value = error instanceof Error ? error.message : String(error);
    }
  }

  private onOpen(resumed: boolean): void {
    if (!resumed || this.loading.value !== 'ready')
      void this.reload();
  }

  private onEvent(event: LiveEvent): void {
    if (event.name === 'reset')
      void this.reload();
    if (this.reading)
      this.meanwhile.push(event);
    if (event.name === 'verdict.changed')
      this.refreshAt = Math.min(this.refreshAt, Date.now() + REFRESH_AFTER_VERDICT_MS);
    this.sites.apply(event);
    this.listeners.forEach((listener) => listener(event));
  }

  private refreshIfDue(): void {
    if (Date.now() >= this.refreshAt && !this.reading && !document.hidden)
      void this.reload();
  }
}

export const feed = new Feed();
