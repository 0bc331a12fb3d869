/* API answers as the columns uPlot draws. Pure. */
import { PHASES, type Latency, type PhasePoint, type ValidatorLine } from '../types';

export type Column = (number | null)[];

export interface Columns {
  at: number[];       /* seconds, rising */
  values: Column[];
}

/* A gap of more than this many buckets breaks the line. */
const GAP_BUCKETS = 3;

/* Per phase its mean, in the order of PHASES; nulls where no check was made. */
export function phaseColumns(latency: Latency): Columns {
  const points = withGaps(latency.phases, latency.bucketMs);

  return {
    at: points.map(({ at }) => at),
    values: PHASES.map((phase) => points.map(({ point }) => (point ? point[phase] ?? 0 : null))),
  };
}

/* Running totals, the last one the whole: what a stack's upper edges are. */
export function stacked(values: Column[]): Column[] {
  const total: Column = [];

  return values.map((column) => column.map((value, i) => {
    if (value === null)
      return null;
    total[i] = (total[i] ?? 0) + value;
    return total[i]!;
  }));
}

interface Placed {
  at: number;
  point: PhasePoint | null;
}

function withGaps(points: PhasePoint[], bucketMs: number): Placed[] {
  const placed: Placed[] = [];

  for (const point of points) {
    const at = Date.parse(point.at) / 1_000;
    const before = placed[placed.length - 1];
    if (before && at - before.at > GAP_BUCKETS * bucketMs / 1_000)
      placed.push({ at: before.at + bucketMs / 1_000, point: null });
    placed.push({ at, point: point.count > 0 ? point : null });
  }
  return placed;
}

/* One column per validator over the union of their times. */
export function validatorColumns(lines: ValidatorLine[], bucketMs: number): Columns {
  const maps = lines.map((line) => new Map(
    line.points.map(({ at, latency }) => [Date.parse(at) / 1_000, latency])));
  const at = [...new Set(maps.flatMap((map) => [...map.keys()]))].sort((a, b) => a - b);

  return { at, values: maps.map((map) => bridged(at, map, GAP_BUCKETS * bucketMs / 1_000)) };
}

/* Times that only other validators have are bridged straight: uPlot would break the line there. */
function bridged(at: number[], map: Map<number, number | null>, longest: number): Column {
  const column: Column = at.map((time) => map.get(time) ?? null);
  let last = -1;

  for (let i = 0; i < at.length; i++) {
    if (column[i] === null)
      continue;
    if (last >= 0 && i - last > 1 && at[i]! - at[last]! <= longest)
      fill(at, column, last, i);
    last = i;
  }
  return column;
}

function fill(at: number[], column: Column, from: number, to: number): void {
  const slope = (column[to]! - column[from]!) / (at[to]! - at[from]!);

  for (let i = from + 1; i < to; i++)
    column[i] = column[from]! + slope * (at[i]! - at[from]!);
}

export function lastIndex(column: Column): number | null {
  for (let i = column.length - 1; i >= 0; i--)
    if (column[i] !== null && column[i] !== undefined)
      return i;
  return null;
}
