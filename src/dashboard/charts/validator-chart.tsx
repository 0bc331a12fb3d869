/* Who sees which latency: one line per validator. Lines beyond the palette are dashed. */
import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import type uPlot from 'uplot';
import { formatDateTime, shortKey } from '../format';
import type { Latency, ValidatorLine } from '../types';
import { Legend } from './legend';
import { cssColour, Plot } from './plot';
import { lastIndex, validatorColumns } from './series';

const COLOURS = 6;

function colourOf(i: number): string {
  return `--line-${i % COLOURS + 1}`;
}

function lineSeries(lines: ValidatorLine[]): uPlot.Series[] {
  const drawn = lines.map((line, i): uPlot.Series => ({
    label: line.name ?? shortKey(line.validatorId),
    stroke: () => cssColour(colourOf(i)),
    width: 1.75,
    points: { size: 4 },
    ...(i >= COLOURS ? { dash: [6, 4] } : {}),
  }));
  return [{}, ...drawn];
}

export function ValidatorChart(
  { latency, range }: { latency: Latency; range: [number, number] },
): JSX.Element {
  const [cursor, setCursor] = useState<number | null>(null);
  const lines = latency.validators;
  const shape = lines.map((line) => line.validatorId).join(' ');
  const columns = useMemo(
    () => validatorColumns(lines, latency.bucketMs), [latency]);
  const data = useMemo<uPlot.AlignedData>(() => [columns.at, ...columns.values], [columns]);
  const series = useMemo(() => lineSeries(lines), [shape]);
  const at = cursor === null ? undefined : columns.at[cursor];
  const caption = at === undefined ? 'Newest values' : formatDateTime(at * 1_000);

  return (
    <>
      <Plot
        label={`Latency by validator, ${lines.length} lines`} shape={shape} series={series}
        data={data} range={range} onCursor={setCursor}
      />
      <Legend
        caption={lines.length === 0 ? 'No checks in this window' : caption}
        entries={lines.map((line, i) => {
          const column = columns.values[i] ?? [];
          const index = cursor ?? lastIndex(column);
          return {
            name: line.name || shortKey(line.validatorId),
            ...(line.region ? { hint: line.region } : {}),
            colour: colourOf(i),
            dashed: i >= COLOURS,
            value: index === null ? null : column[index] ?? null,
          };
        })}
      />
    </>
  );
}
