/* Hooks for what a view reads from the API: load, load again, and react to live events. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { feed } from './feed';
import type { LiveEvent } from './types';

export interface Resource<T> {
  data: T | null;
  error: Error | null;
  reload(): void;
}

interface Held<T> {
  key: string;
  data: T | null;
  error: Error | null;
}

/* Loads when shown, on reload(), and whenever `key` changes; data of another key is dropped at
 * once. A slow answer never replaces that of a later question. */
export function useResource<T>(key: string, load: () => Promise<T>): Resource<T> {
  const [held, setHeld] = useState<Held<T>>({ key, data: null, error: null });
  const [round, setRound] = useState(0);
  const latest = useRef({ key, load, asked: 0, shown: 0 });

  latest.current.key = key;
  latest.current.load = load;
  useEffect(() => {
    const guard = latest.current;
    const mine = ++guard.asked;
    const keep = (data: T | null, error: Error | null): void => {
      if (guard.key !== key || mine < guard.shown)
        return;
      guard.shown = mine;
      setHeld((old) => ({ key, error, data: data ?? (old.key === key ? old.data : null) }));
    };

    guard.load().then(
      (data) => keep(data, null),
      (error: unknown) => keep(null, error instanceof Error ? error : new Error(String(error))));
  }, [key, round]);
  const reload = useCallback(() => setRound((value) => value + 1), []);
  const current = held.key === key ? held : { data: null, error: null };
  return { data: current.data, error: current.error, reload };
}

export function useLive(listener: (event: LiveEvent) => void): void {
  const latest = useRef(listener);

  latest.current = listener;
  useEffect(() => feed.subscribe((event) => latest.current(event)), []);
}

/* A function that runs `action` soon, and at most once in `ms`, however often it is called. */
export function useThrottled(action: () => void, ms: number): () => void {
  const latest = useRef(action);
  const state = useRef<{ timer: ReturnType<typeof setTimeout> | null; last: number }>(
    { timer: null, last: 0 });

  latest.current = action;
  useEffect(() => () => clearTimeout(state.current.timer ?? undefined), []);
  return useCallback(() => {
    const s = state.current;
    if (s.timer !== null)
      return;
    s.timer = setTimeout(() => {
      s.timer = null;
      s.last = Date.now();
      latest.current();
    }, Math.max(50, s.last + ms - Date.now()));
  }, [ms]);
}

export function useInterval(action: () => void, ms: number): void {
  const latest = useRef(action);

  latest.current = action;
  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden)
        latest.current();
    }, ms);
    return () => clearInterval(timer);
  }, [ms]);
}
