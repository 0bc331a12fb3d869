/* A long list of rows of equal height, of which only those near the screen exist. The page scrolls,
 * not a box of its own, so that a phone and a keyboard behave as everywhere else. */
import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';

const OVERSCAN_ROWS = 8;

interface Props<T> {
  items: readonly T[];
  rowHeight: number;
  row: (item: T, index: number, top: number) => JSX.Element;
}

interface Range {
  first: number;
  end: number;
}

export function Windowed<T>({ items, rowHeight, row }: Props<T>): JSX.Element {
  const ref = useRef<HTMLDivElement>(null);
  const [range, setRange] = useState<Range>({ first: 0, end: 2 * OVERSCAN_ROWS });

  const measure = (): void => {
    const top = ref.current?.getBoundingClientRect().top ?? 0;
    const first = Math.max(0, Math.floor(-top / rowHeight) - OVERSCAN_ROWS);
    const end = Math.max(0, Math.ceil((innerHeight - top) / rowHeight) + OVERSCAN_ROWS);

    setRange((old) => (old.first === first && old.end === end ? old : { first, end }));
  };

  useLayoutEffect(measure, [items.length, rowHeight]);
  useEffect(() => {
    addEventListener('scroll', measure, { passive: true });
    addEventListener('resize', measure);
    return () => {
      removeEventListener('scroll', measure);
      removeEventListener('resize', measure);
    };
  }, [rowHeight]);
  return (
    <div
      ref={ref} class="windowed" role="rowgroup"
      style={{ height: `${items.length * rowHeight}px` }}
    >
      {items.slice(range.first, range.end).map((item, at) =>
        row(item, range.first + at, (range.first + at) * rowHeight))}
    </div>
  );
}
