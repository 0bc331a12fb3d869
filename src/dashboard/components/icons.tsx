/* Line icons, all in a 16 x 16 box; they are decoration, words stand beside them. */
import type { JSX } from 'preact';
import type { State } from '../types';

const STATE_PATHS: Record<State, string> = {
  UP: 'M4 8.4l2.7 2.7L12 5.4',
  DOWN: 'M5 5l6 6M11 5l-6 6',
  PARTIAL: 'M8 3.8v5M8 12v.1',
  DEGRADED: 'M4 6l4 4 4-4',
  UNKNOWN: 'M6 6.2a2 2 0 1 1 2.9 1.8c-.6.3-.9.7-.9 1.4M8 12v.1',
  MAINTENANCE: 'M4.5 11.5l4-4M8.2 7.8a2.4 2.4 0 0 1 3.1-3.1L9.9 6.1l.3 1 1 .3 1.4-1.4a2.4 2.4 0 0 1-3.1 3.1',
  PAUSED: 'M6 4.8v6.4M10 4.8v6.4',
};

const PATHS = {
  plus: 'M8 3.5v9M3.5 8h9',
  search: 'M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM10.4 10.4L13.5 13.5',
  trash: 'M3 4.5h10M6.5 4.5V3h3v1.5M4.5 4.5l.6 8.5h5.8l.6-8.5M6.8 7v3.5M9.2 7v3.5',
  sun: 'M8 10.6a2.6 2.6 0 1 0 0-5.2 2.6 2.6 0 0 0 0 5.2zM8 1.6v1.2M8 13.2v1.2M1.6 8h1.2M13.2 8h1.2'
    + 'M3.5 3.5l.8.8M11.7 11.7l.8.8M3.5 12.5l.8-.8M11.7 4.3l.8-.8',
  moon: 'M13.2 9.6A5.6 5.6 0 0 1 6.4 2.8a5.6 5.6 0 1 0 6.8 6.8z',
  system: 'M2.5 3.5h11v7h-11zM6 13h4M8 10.5V13',
  exit: 'M6.5 3H3.5v10h3M7 8h6M10.6 5.4L13.2 8l-2.6 2.6',
  back: 'M9.5 3.5L5 8l4.5 4.5',
  external: 'M6.5 4H4v8h8V9.5M9 3.5h3.5V7M12.3 3.7L7.5 8.5',
} as const;

export type IconName = keyof typeof PATHS;

function Drawing({ d }: { d: string }): JSX.Element {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={d} />
    </svg>
  );
}

export function Icon({ name }: { name: IconName }): JSX.Element {
  return <Drawing d={PATHS[name]} />;
}

export function StateIcon({ state }: { state: State }): JSX.Element {
  return <Drawing d={STATE_PATHS[state] ?? STATE_PATHS.UNKNOWN} />;
}

export function Logo(): JSX.Element {
  return (
    <svg class="logo" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect class="logo-tile" width="32" height="32" rx="9" />
      <path class="logo-line" d="M6 17h4.2l2.6-7 4.6 13 3.2-9 1.6 3H26" />
    </svg>
  );
}
