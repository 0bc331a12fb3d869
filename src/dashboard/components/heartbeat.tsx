/* The last checks as a row of bars, oldest left. A failed check is taller as well as red. */
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { formatDateTime, formatLatency, shortKey } from '../format';
import type { Beat, Tick } from '../types';
import { tip } from './tooltip';

interface Props<T extends Beat> {
  beats: T[];
  slots: number;
}

const KINDS = {
  Good: { y: '16%', height: '68%' },
  Bad: { y: '0', height: '100%' },
  none: { y: '38%', height: '24%' },
} as const;

function describe(beats: Beat[]): string {
  const bad = beats.filter((beat) => beat.status === 'Bad').length;

  if (beats.length === 0)
    return 'No checks yet';
  return `Last ${beats.length} checks: ${beats.length - bad} good, ${bad} failed`;
}

function BeatTip({ beat }: { beat: Beat & Partial<Tick> }): JSX.Element {
  const good = beat.status === 'Good';

  return (
    <>
      <strong>{good ? `Good · ${formatLatency(beat.latency)}` : 'Failed'}</strong>
      <span>{formatDateTime(beat.createdAt)}</span>
      {beat.validatorId && (
        <span>{beat.region || 'no region'} · {shortKey(beat.validatorId)}</span>
      )}
    </>
  );
}

export function Heartbeat<T extends Beat>({ beats, slots }: Props<T>): JSX.Element {
  const shown = beats.slice(-slots);
  const empty = slots - shown.length;
  const pitch = 100 / slots;
  const pointed = useRef(false);

  const leave = (): void => {
    if (pointed.current)
      tip.value = null;
    pointed.current = false;
  };
  const point = (event: JSX.TargetedPointerEvent<SVGSVGElement>): void => {
    const box = event.currentTarget.getBoundingClientRect();
    const slot = Math.floor((event.clientX - box.left) / box.width * slots);
    const beat = shown[slot - empty];

    if (!beat)
      return leave();
    pointed.current = true;
    tip.value = {
      x: box.left + (slot + 0.5) * box.width / slots,
      top: box.top,
      content: <BeatTip beat={beat} />,
    };
  };

  useEffect(() => leave, []);
  return (
    <svg
      class="heartbeat" role="img" aria-label={describe(shown)}
      onPointerMove={point} onPointerDown={point} onPointerLeave={leave}
    >
      {Array.from({ length: slots }, (_, slot) => {
        const kind = shown[slot - empty]?.status ?? 'none';
        return (
          <rect
            key={slot} class={`beat beat-${kind}`} rx="2"
            x={`${(slot + 0.16) * pitch}%`} width={`${pitch * 0.68}%`} {...KINDS[kind]}
          />
        );
      })}
    </svg>
  );
}
