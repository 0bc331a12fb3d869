/* How many websites are in each state; each count is also a filter. */
import type { JSX } from 'preact';
import { feed } from '../feed';
import { formatCount } from '../format';
import { stateInfo } from '../states';
import type { State } from '../types';
import { StateIcon } from './icons';

/* Shown even when zero: these two are what people look for. */
const ALWAYS = new Set<State>(['UP', 'DOWN']);
const ORDER: readonly State[] = [
  'UP', 'DOWN', 'PARTIAL', 'DEGRADED', 'UNKNOWN', 'MAINTENANCE', 'PAUSED',
];

interface Props {
  chosen: State | null;
  onChoose: (state: State | null) => void;
}

export function Summary({ chosen, onChoose }: Props): JSX.Element {
  const counts = feed.sites.counts.value;
  const shown = ORDER.filter((state) => ALWAYS.has(state) || (counts.get(state) ?? 0) > 0);

  return (
    <div class="summary" role="group" aria-label="Websites by state">
      {shown.map((state) => {
        const count = counts.get(state) ?? 0;
        return (
          <button
            key={state} type="button" class="count" data-state={state} data-zero={count === 0}
            aria-pressed={chosen === state} title={stateInfo(state).meaning}
            onClick={() => onChoose(chosen === state ? null : state)}
          >
            <span class="count-icon"><StateIcon state={state} /></span>
            <span class="count-number">{formatCount(count)}</span>
            <span class="count-label">{stateInfo(state).label}</span>
          </button>
        );
      })}
    </div>
  );
}
