/* Light, dark, or as the system says; the choice is kept on this machine. */
import { effect, signal } from '@preact/signals';

export type Theme = 'system' | 'light' | 'dark';

const KEY = 'dpin.theme';
const THEMES: readonly Theme[] = ['system', 'light', 'dark'];
const systemDark = matchMedia('(prefers-color-scheme: dark)');

export const theme = signal<Theme>(read());
/* What is on screen; charts are drawn again when it changes. */
export const dark = signal(isDark());

function read(): Theme {
  try {
    const value = localStorage.getItem(KEY);
    return THEMES.find((known) => known === value) ?? 'system';
  } catch {
    return 'system';
  }
}

function isDark(): boolean {
  return theme.peek() === 'system' ? systemDark.matches : theme.peek() === 'dark';
}

export function nextTheme(current: Theme): Theme {
  return THEMES[(THEMES.indexOf(current) + 1) % THEMES.length]!;
}

export function chooseTheme(value: Theme): void {
  try {
    localStorage.setItem(KEY, value);
  } catch {
    /* not kept, then */
  }
  theme.value = value;
}

export function startTheme(): void {
  const show = (): void => {
    document.documentElement.dataset.theme = isDark() ? 'dark' : 'light';
    dark.value = isDark();
  };

  effect(() => {
    void theme.value;
    show();
  });
  systemDark.addEventListener('change', show);
}
