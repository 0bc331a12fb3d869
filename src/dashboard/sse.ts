/* Parses text/event-stream: bytes that arrive in any pieces become events. Pure. */

export interface SseEvent {
  id: string | null;
  event: string;
  data: string;
}

/* A line longer than this is no event of ours. */
const MAX_PENDING = 1 << 20;

export class SseParser {
  private pending = '';
  private event = '';
  private data: string[] = [];
  private id: string | null = null;

  constructor(private readonly emit: (event: SseEvent) => void) {}

  push(text: string): void {
    this.pending += text;
    /* A CR at the end may be half of a CRLF: it waits for the next piece. */
    const lines = this.pending.split(/\r\n|\n|\r(?!$)/);
    this.pending = lines.pop() ?? '';
    if (this.pending.length > MAX_PENDING)
      throw new Error('a line of the event stream is too long');
    for (const line of lines)
      this.line(line);
  }

  private line(line: string): void {
    if (line === '') {
      this.dispatch();
      return;
    }
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');

    if (field === 'event')
      this.event = value;
    else if (field === 'data')
      this.data.push(value);
    else if (field === 'id' && !value.includes('\0'))
      this.id = value;
  }

  private dispatch(): void {
    if (this.event !== '' || this.data.length > 0)
      this.emit({ id: this.id, event: this.event || 'message', data: this.data.join('\n') });
    this.event = '';
    this.data = [];
  }
}
