/* The token of this tab: kept in sessionStorage, sent in a header, never in a link. */
import { signal } from '@preact/signals';

const KEY = 'dpin.token';

export const token = signal<string | null>(read());
/* Why the form is shown again, in words for the user. */
export const refusal = signal<string | null>(null);

function read(): string | null {
  try {
    return sessionStorage.getItem(KEY);
  } catch {
    return null; /* storage may be forbidden: the token then lives as long as the page */
  }
}

function write(value: string | null): void {
  try {
    if (value === null)
      sessionStorage.removeItem(KEY);
    else
      sessionStorage.setItem(KEY, value);
  } catch {
    /* as above */
  }
}

export function signIn(value: string): void {
  write(value);
  refusal.value = null;
  token.value = value;
}

export function signOut(reason: string | null = null): void {
  write(null);
  refusal.value = reason;
  token.value = null;
}
