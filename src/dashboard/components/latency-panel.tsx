/* Both latency charts of a website, over a chosen stretch of time. */
import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import * as api from '../api';
import { PhaseChart } from '../charts/phase-chart';
import { ValidatorChart } from '../charts/validator-chart';
import { useInterval, useLive, useResource, useThrottled } from '../resource';
import type { Window } from '../types';
import { ErrorNotice, Loading } from './notice';

const HOUR_S = 3_600;
const WINDOWS: readonly [Window, string, number][] = [
  ['1h', '1 hour', HOUR_S], ['24h', '24 hours', 24 * HOUR_S],
  ['7d', '7 days', 7 * 24 * HOUR_S], ['30d', '30 days', 30 * 24 * HOUR_S],
];
const REFRESH_MS = 60_000;
const REFRESH_ON_TICK_MS = 5_000;

function WindowChoice(
  { chosen, onChoose }: { chosen: Window; onChoose: (window: Window) => void },
): JSX.Element {
  return (
    <div class="segments" role="group" aria-label="Time window">
      {WINDOWS.map(([window, label]) => (
        <button
          key={window} type="button" aria-pressed={window === chosen} title={label}
          onClick={() => onChoose(window)}
        >
          {window}
        </button>
      ))}
    </div>
  );
}

export function LatencyPanel({ websiteId }: { websiteId: string }): JSX.Element {
  const [window, setWindow] = useState<Window>('1h');
  const { data, error, reload } = useResource(
    `${websiteId} ${window}`, () => api.latency(websiteId, window));
  const soon = useThrottled(reload, REFRESH_ON_TICK_MS);
  const span = WINDOWS.find(([name]) => name === window)?.[2] ?? HOUR_S;
  const range = useMemo<[number, number]>(() => {
    const end = Date.now() / 1_000;
    return [end - span, end];
  }, [data, span]);

  useLive((event) => {
    if (window === '1h' && event.name === 'tick' && event.data.websiteId === websiteId)
      soon();
  });
  useInterval(reload, REFRESH_MS);
  return (
    <section class="card" aria-labelledby="latency">
      <div class="card-head">
        <h2 id="latency">Latency</h2>
        <WindowChoice chosen={window} onChoose={setWindow} />
      </div>
      {error && <ErrorNotice error={error} retry={reload} />}
      {!data && !error && <div class="chart-space"><Loading what="latency" /></div>}
      {data && (
        <div class="charts">
          <div class="chart"><h3>By phase</h3><PhaseChart latency={data} range={range} /></div>
          <div class="chart">
            <h3>By validator</h3><ValidatorChart latency={data} range={range} />
          </div>
        </div>
      )}
    </section>
  );
}
