/* The time of day as a signal that moves once a second, for everything that says "ago". */
import { signal } from '@preact/signals';

export const now = signal(Date.now());

export function startClock(): void {
  setInterval(() => {
    if (!document.hidden)
      now.value = Date.now();
  }, 1_000);
  document.addEventListener('visibilitychange', () => {
    now.value = Date.now();
  });
}
