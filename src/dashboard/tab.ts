/* The browser tab says how things are: its title counts, its icon has the worst state's shape. */
import { computed, effect, signal } from '@preact/signals';
import { feed } from './feed';
import type { State } from './types';

type Mood = 'good' | 'warn' | 'bad' | 'idle';

const COLOURS: Record<Mood, string> = {
  good: '#16a05d', warn: '#c77700', bad: '#d92d3a', idle: '#5a6675',
};
/* Shapes in a 32 x 32 box, so that the icon does not speak by colour alone. */
const SHAPES: Record<Mood, string> = {
  good: '<path d="M9 16.5l5 5 9-10"/>',
  warn: '<path d="M16 8v10M16 23.5v.1"/>',
  bad: '<path d="M10.5 10.5l11 11M21.5 10.5l-11 11"/>',
  idle: '<path d="M7 16h4l3-6 4 12 3-6h4"/>',
};
const TROUBLE: readonly [State, Mood, string][] = [
  ['DOWN', 'bad', 'down'], ['PARTIAL', 'warn', 'partial'],
];

export const pageTitle = signal('Websites');

const summary = computed<{ mood: Mood; text: string }>(() => {
  for (const [state, mood, word] of TROUBLE) {
    const count = feed.sites.counts.value.get(state) ?? 0;
    if (count > 0)
      return { mood, text: `${count} ${word}` };
  }
  return { mood: feed.sites.counts.value.get('UP') ? 'good' : 'idle', text: '' };
});

function icon(mood: Mood): string {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">`
    + `<rect width="32" height="32" rx="9" fill="${COLOURS[mood]}"/>`
    + `<g fill="none" stroke="#fff" stroke-width="3.4" stroke-linecap="round" `
    + `stroke-linejoin="round">${SHAPES[mood]}</g></svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}

export function startTab(): void {
  effect(() => {
    const { text } = summary.value;
    document.title = `${text && `${text} · `}${pageTitle.value} · dpin`;
  });
  effect(() => {
    const link = document.querySelector<HTMLLinkElement>('link[rel=icon]');
    if (link)
      link.href = icon(summary.value.mood);
  });
}
