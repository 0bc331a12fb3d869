/* Values as people read them. Pure, but for the locale. Nothing known is always an en dash. */

export const NOTHING = '–';

const LAMPORTS_PER_SOL = 1_000_000_000;
const STEPS: readonly [number, string][] = [
  [86_400, 'd'], [3_600, 'h'], [60, 'min'], [1, 's'],
];

/* 0..1 as a percentage; never rounds an imperfect uptime up to 100 %. */
export function formatUptime(uptime: number | null | undefined): string {
  if (uptime === null || uptime === undefined)
    return NOTHING;
  if (uptime >= 1)
    return '100 %';
  return `${(Math.floor(uptime * 100_000) / 1_000).toFixed(uptime >= 0.9995 ? 3 : 2)} %`;
}

export function formatLatency(ms: number | null | undefined): string {
  if (ms === null || ms === undefined)
    return NOTHING;
  if (ms >= 10_000)
    return `${(ms / 1_000).toFixed(1)} s`;
  return ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`;
}

/* A length of time in its two largest units: "2 h 5 min". */
export function formatDuration(ms: number): string {
  let rest = Math.max(0, Math.floor(ms / 1_000));
  const parts: string[] = [];

  for (const [size, unit] of STEPS) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0 || (unit === 's' && parts.length === 0))
      parts.push(`${count} ${unit}`);
    else if (parts.length > 0)
      break;
    if (parts.length === 2)
      break;
  }
  return parts.join(' ');
}

/* "12 s ago"; one unit only, as it ticks. */
export function formatAgo(at: string | null | undefined, now: number): string {
  const time = at ? Date.parse(at) : Number.NaN;

  if (Number.isNaN(time))
    return NOTHING;
  const seconds = Math.max(0, Math.floor((now - time) / 1_000));
  if (seconds < 2)
    return 'just now';
  for (const [size, unit] of STEPS)
    if (seconds >= size)
      return `${Math.floor(seconds / size)} ${unit} ago`;
  return 'just now';
}

const dateTime = new Intl.DateTimeFormat(undefined, {
  year: 'numeric', month: 'short', day: 'numeric',
  hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false,
});

export function formatDateTime(at: string | number | null | undefined): string {
  const date = at === null || at === undefined ? null : new Date(at);
  return date === null || Number.isNaN(date.getTime()) ? NOTHING : dateTime.format(date);
}

export function formatCount(count: number): string {
  return count.toLocaleString();
}

/* Lamports as SOL, all digits that count: money is not rounded. */
export function formatSol(lamports: number): string {
  const text = (lamports / LAMPORTS_PER_SOL).toFixed(9).replace(/\.?0+$/, '');
  return `${text} SOL`;
}

/* What a website is called: its name, else its address without the scheme. */
export function siteTitle(site: { url: string; name?: string | null }): string {
  return site.name || site.url.replace(/^https?:\/\//, '').replace(/\/$/, '');
}

export function shortKey(key: string): string {
  return key.length > 12 ? `${key.slice(0, 6)}…${key.slice(-4)}` : key;
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/* Of a list that was typed. */
export function splitList(text: string): string[] {
  return text.split(/[\s,;]+/).filter((word) => word !== '');
}
