/* Which line is which, with its value at the pointer, or the newest one. */
import type { JSX } from 'preact';
import { formatLatency } from '../format';

export interface LegendEntry {
  name: string;
  hint?: string;
  colour: string; /* a CSS variable's name */
  dashed?: boolean;
  value: number | null;
}

interface Props {
  entries: LegendEntry[];
  caption: string;
}

function Swatch({ colour, dashed }: { colour: string; dashed: boolean }): JSX.Element {
  return (
    <svg class="swatch" viewBox="0 0 16 8" aria-hidden="true">
      <path
        d="M1 4h14" style={{ stroke: `var(${colour})` }} stroke-dasharray={dashed ? '4 3' : ''}
      />
    </svg>
  );
}

export function Legend({ entries, caption }: Props): JSX.Element {
  return (
    <div class="legend">
      <p class="legend-caption">{caption}</p>
      <ul>
        {entries.map(({ name, hint, colour, dashed, value }) => (
          <li key={name + colour}>
            <Swatch colour={colour} dashed={dashed ?? false} />
            <span class="legend-name">{name}{hint && <small>{hint}</small>}</span>
            <span class="legend-value">{formatLatency(value)}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
