/* A verdict state as colour, shape and word together. */
import type { JSX } from 'preact';
import { stateInfo } from '../states';
import type { State } from '../types';
import { StateIcon } from './icons';

export function StatePill({ state }: { state: State }): JSX.Element {
  const { label, meaning } = stateInfo(state);

  return (
    <span class="pill" data-state={state} title={meaning}>
      <StateIcon state={state} />
      {label}
    </span>
  );
}
