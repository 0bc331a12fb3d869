/* Where the time goes: the phases of a check, stacked. */
import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import type uPlot from 'uplot';
import { formatDateTime, formatLatency } from '../format';
import { PHASES, type Latency, type Phase } from '../types';
import { Legend } from './legend';
import { cssColour, Plot } from './plot';
import { lastIndex, phaseColumns, stacked } from './series';

const NAMES: Record<Phase, string> = {
  dns: 'DNS', connect: 'Connect', tls: 'TLS', wait: 'Wait', transfer: 'Transfer',
};

function colourOf(phase: Phase): string {
  return `--phase-${phase}`;
}

/* Drawn from the top of the stack down, each filled to the edge below it. */
function phaseSeries(): uPlot.Series[] {
  const drawn = [...PHASES].reverse().map((phase): uPlot.Series => ({
    label: NAMES[phase],
    stroke: () => cssColour(colourOf(phase)),
    fill: () => `${cssColour(colourOf(phase))}66`,
    width: 1.5,
    points: { show: false },
  }));
  return [{}, ...drawn];
}

const BANDS: uPlot.Band[] = PHASES.slice(1).map((_, i) => ({ series: [i + 1, i + 2] }));

export function PhaseChart(
  { latency, range }: { latency: Latency; range: [number, number] },
): JSX.Element {
  const [cursor, setCursor] = useState<number | null>(null);
  const columns = useMemo(() => phaseColumns(latency), [latency]);
  const data = useMemo<uPlot.AlignedData>(
    () => [columns.at, ...stacked(columns.values).reverse()], [columns]);
  const series = useMemo(phaseSeries, []);
  const last = lastIndex(columns.values[0] ?? []);
  const index = cursor ?? last;
  const values = columns.values.map((column) => (index === null ? null : column[index] ?? null));
  const total = values.some((value) => value !== null)
    ? values.reduce<number>((sum, value) => sum + (value ?? 0), 0) : null;
  const at = index === null ? undefined : columns.at[index];
  const caption = at === undefined ? 'No checks in this window'
    : `${formatDateTime(at * 1_000)} · total ${formatLatency(total)}`;

  return (
    <>
      <Plot
        label={`Latency by phase, stacked. ${caption}`} shape="phases" series={series}
        bands={BANDS} data={data} range={range} onCursor={setCursor}
      />
      <Legend
        caption={caption}
        entries={PHASES.map((phase, i) => ({
          name: NAMES[phase], colour: colourOf(phase), value: values[i] ?? null,
        }))}
      />
    </>
  );
}
