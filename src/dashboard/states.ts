/* What each verdict state is called, what it means, and which is worse. */
import type { Assurance, State } from './types';

export interface StateInfo {
  label: string;
  meaning: string;
}

/* Worst first: this order sorts the list and picks the icon of the tab. */
export const STATES: readonly State[] = [
  'DOWN', 'PARTIAL', 'UNKNOWN', 'DEGRADED', 'MAINTENANCE', 'PAUSED', 'UP',
];

const INFO: Record<State, StateInfo> = {
  UP: { label: 'Up', meaning: 'A quorum of validators reaches it.' },
  DOWN: { label: 'Down', meaning: 'A quorum of validators cannot reach it.' },
  PARTIAL: {
    label: 'Partial', meaning: 'Some validators cannot reach it, but too few for a quorum.',
  },
  DEGRADED: { label: 'Degraded', meaning: 'It is up, but slower than its threshold.' },
  UNKNOWN: { label: 'Unknown', meaning: 'Too few fresh votes to decide.' },
  MAINTENANCE: { label: 'Maintenance', meaning: 'In a planned maintenance window.' },
  PAUSED: { label: 'Paused', meaning: 'Not being checked.' },
};

const ASSURANCE: Record<Assurance, string> = {
  full: 'Full assurance: the seats are spread over independent operators and networks.',
  reduced: 'Reduced assurance: the network could not spread the seats as widely as intended.',
  single: 'Single: one validator decides alone.',
};

export function stateInfo(state: State): StateInfo {
  return INFO[state] ?? INFO.UNKNOWN;
}

export function severity(state: State): number {
  const index = STATES.indexOf(state);
  return index < 0 ? STATES.indexOf('UNKNOWN') : index;
}

export function assuranceMeaning(assurance: Assurance): string {
  return ASSURANCE[assurance] ?? assurance;
}
