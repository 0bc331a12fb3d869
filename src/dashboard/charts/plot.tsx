/* uPlot as a component: made anew when its shape or the theme changes, resized with its box, fed
 * with new data otherwise. Reports the index under the pointer, for a legend outside. */
import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { dark } from '../theme';

const HEIGHT_PX = 240;
const DAY_S = 86_400;

export interface PlotProps {
  label: string;
  /* Two plots with the same shape differ in data only. */
  shape: string;
  series: uPlot.Series[];
  bands?: uPlot.Band[];
  data: uPlot.AlignedData;
  range: [number, number];
  onCursor: (index: number | null) => void;
}

export function cssColour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

const clockTime = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit', minute: '2-digit', hour12: false,
});
const dayTime = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });

function timeLabels(_: uPlot, splits: number[], __: number, ___: number, step: number): string[] {
  return splits.map((split) => {
    const date = new Date(split * 1_000);
    const midnight = date.getHours() === 0 && date.getMinutes() === 0;
    return (step >= DAY_S || midnight ? dayTime : clockTime).format(date);
  });
}

function axes(): uPlot.Axis[] {
  const common = {
    stroke: cssColour('--text-muted'),
    grid: { stroke: cssColour('--grid'), width: 1 },
    ticks: { show: false },
    font: '12px system-ui, sans-serif',
  };

  return [
    { ...common, grid: { show: false }, values: timeLabels, space: 72, size: 30 },
    {
      ...common, size: 62, space: 44,
      values: (_, splits) => splits.map((ms) => (ms >= 1_000 ? `${ms / 1_000} s` : `${ms} ms`)),
    },
  ];
}

function options(props: PlotProps, width: number, cursor: (u: uPlot) => void): uPlot.Options {
  return {
    width, height: HEIGHT_PX, series: props.series, bands: props.bands ?? [], axes: axes(),
    padding: [12, 24, 0, 0],
    legend: { show: false },
    cursor: {
      y: false, drag: { x: false, y: false },
      points: { size: 7, width: 2 },
    },
    scales: {
      x: { time: true, range: () => props.range },
      y: { range: (_, __, max) => [0, Math.max(1, (max ?? 0) * 1.1)] },
    },
    hooks: { setCursor: [cursor] },
  };
}

export function Plot(props: PlotProps): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const latest = useRef(props);

  /* The plot keeps the object it was made with, so the range is read through this one. */
  latest.current = props;
  useLayoutEffect(() => {
    const element = box.current;
    if (!element)
      return;
    const live: PlotProps = { ...latest.current };
    Object.defineProperty(live, 'range', { get: () => latest.current.range });
    const made = new uPlot(
      options(live, element.clientWidth, (u) => latest.current.onCursor(u.cursor.idx ?? null)),
      latest.current.data, element);
    const resize = new ResizeObserver(() => {
      made.setSize({ width: element.clientWidth, height: HEIGHT_PX });
    });

    plot.current = made;
    resize.observe(element);
    return () => {
      resize.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [props.shape, dark.value]);
  useEffect(() => plot.current?.setData(props.data), [props.data]);
  return <div ref={box} class="plot" role="img" aria-label={props.label} />;
}
