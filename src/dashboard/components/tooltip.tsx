/* The one floating label of the page; whoever is pointed at says what it shows and where. */
import { signal } from '@preact/signals';
import type { ComponentChildren, JSX } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';

export interface Tip {
  x: number;      /* middle of the thing pointed at, in viewport pixels */
  top: number;
  content: ComponentChildren;
}

export const tip = signal<Tip | null>(null);

const MARGIN_PX = 8;

export function Tooltip(): JSX.Element | null {
  const ref = useRef<HTMLDivElement>(null);
  const shown = tip.value;

  useLayoutEffect(() => {
    const box = ref.current;
    if (!box || !shown)
      return;
    const half = box.offsetWidth / 2;
    const x = Math.min(Math.max(shown.x, half + MARGIN_PX), innerWidth - half - MARGIN_PX);
    const above = shown.top - box.offsetHeight - MARGIN_PX;
    box.style.left = `${x - half}px`;
    box.style.top = `${Math.max(MARGIN_PX, above)}px`;
  }, [shown]);
  return shown && <div ref={ref} class="tooltip" aria-hidden="true">{shown.content}</div>;
}
