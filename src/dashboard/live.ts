/* The live connection: server-sent events over fetch (so the token stays in a header), with resume
 * by Last-Event-ID, backoff with jitter, and a watch on silence. It knows no store and no view. */
import { signal } from '@preact/signals';
import { request } from './api';
import { SseParser, type SseEvent } from './sse';
import type { LiveEvent } from './types';

export type Connection = 'connecting' | 'live' | 'reconnecting';

export const connection = signal<Connection>('connecting');

const BACKOFF_FIRST_MS = 500;
const BACKOFF_MAX_MS = 15_000;
/* A connection that lived this long was a good one: the next attempt comes soon again. */
const GOOD_MS = 5_000;
/* The server says something every 15 s; three missed keep-alives mean the line is dead. */
const SILENCE_MS = 45_000;
const EVENT_NAMES = new Set<string>([
  'verdict.changed', 'tick', 'incident.opened', 'incident.changed', 'incident.acknowledged',
  'incident.noted', 'incident.assigned', 'incident.closed', 'website.added', 'website.flapping',
  'website.removed', 'validator.online', 'validator.offline', 'reset',
]);

export interface LiveHandlers {
  /* The stream is open. `resumed`: it goes on where it broke; otherwise all must be read anew. */
  onOpen(resumed: boolean): void;
  onEvent(event: LiveEvent): void;
}

export class LiveStream {
  private readonly stopped = new AbortController();
  private lastId: string | null = null;
  private backoff = BACKOFF_FIRST_MS;

  constructor(private readonly handlers: LiveHandlers) {}

  start(): void {
    connection.value = 'connecting';
    void this.run();
  }

  stop(): void {
    this.stopped.abort();
  }

  private async run(): Promise<void> {
    while (!this.stopped.signal.aborted) {
      await this.listen().catch(() => undefined); /* any end of a connection is met by the next */
      if (this.stopped.signal.aborted)
        return;
      connection.value = 'reconnecting';
      await this.pause(this.backoff * (0.5 + Math.random() / 2));
      this.backoff = Math.min(this.backoff * 2, BACKOFF_MAX_MS);
    }
  }

  /* One connection, from request to end. */
  private async listen(): Promise<void> {
    const attempt = new AbortController();
    const abort = (): void => attempt.abort();
    const watch = new Watchdog(SILENCE_MS, abort);

    this.stopped.signal.addEventListener('abort', abort);
    try {
      const resumeFrom = this.lastId;
      const headers: Record<string, string> = { Accept: 'text/event-stream' };
      if (resumeFrom !== null)
        headers['Last-Event-ID'] = resumeFrom;
      const response = await request('/api/v1/events', { headers, signal: attempt.signal });
      connection.value = 'live';
      this.handlers.onOpen(resumeFrom !== null);
      const opened = Date.now();
      await this.read(response, watch).finally(() => {
        if (Date.now() - opened > GOOD_MS)
          this.backoff = BACKOFF_FIRST_MS;
      });
    } finally {
      watch.stop();
      this.stopped.signal.removeEventListener('abort', abort);
      attempt.abort();
    }
  }

  private async read(response: Response, watch: Watchdog): Promise<void> {
    const reader = response.body?.getReader();
    const decoder = new TextDecoder();
    const parser = new SseParser((event) => this.onEvent(event));

    while (reader) {
      const { done, value } = await reader.read();
      if (done)
        return;
      watch.feed();
      parser.push(decoder.decode(value, { stream: true }));
    }
  }

  private onEvent(event: SseEvent): void {
    if (event.event === 'reset')
      this.lastId = null;
    if (event.id !== null)
      this.lastId = event.id;
    if (EVENT_NAMES.has(event.event) && !this.stopped.signal.aborted)
      this.handlers.onEvent({
        name: event.event,
        data: event.event === 'reset' ? null : JSON.parse(event.data) as unknown,
      } as LiveEvent);
  }

  /* Waits; coming back online or into view ends the wait. */
  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        removeEventListener('online', done);
        this.stopped.signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      addEventListener('online', done);
      this.stopped.signal.addEventListener('abort', done);
    });
  }
}

class Watchdog {
  private timer: ReturnType<typeof setTimeout>;

  constructor(private readonly ms: number, private readonly bark: () => void) {
    this.timer = setTimeout(bark, ms);
  }

  feed(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(this.bark, this.ms);
  }

  stop(): void {
    clearTimeout(this.timer);
  }
}
