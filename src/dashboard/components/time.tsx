/* Points in time: relative ones tick, and tell the exact time when pointed at. */
import type { JSX } from 'preact';
import { now } from '../clock';
import { formatAgo, formatDateTime, formatDuration, NOTHING } from '../format';

export function Ago({ at }: { at: string | null | undefined }): JSX.Element {
  if (!at)
    return <span class="muted">{NOTHING}</span>;
  return <time dateTime={at} title={formatDateTime(at)}>{formatAgo(at, now.value)}</time>;
}

export function When({ at }: { at: string | null | undefined }): JSX.Element {
  if (!at)
    return <span class="muted">{NOTHING}</span>;
  return <time dateTime={at}>{formatDateTime(at)}</time>;
}

/* From one time to another, or to now. */
export function Lasting({ from, to }: { from: string; to?: string | null }): JSX.Element {
  const end = to ? Date.parse(to) : now.value;
  return <span>{formatDuration(end - Date.parse(from))}</span>;
}
