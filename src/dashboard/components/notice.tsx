/* What to say instead of content: an error, a wait, or nothing there yet. */
import type { ComponentChildren, JSX } from 'preact';
import { Problem } from '../api';

export function ErrorNotice(
  { error, retry }: { error: Error; retry?: () => void },
): JSX.Element {
  const details = error instanceof Problem ? error.details : [];

  return (
    <div class="notice notice-error" role="alert">
      <div>
        <p>{error.message}</p>
        {details.length > 0 && <ul>{details.map((text) => <li key={text}>{text}</li>)}</ul>}
      </div>
      {retry && <button type="button" class="button" onClick={retry}>Try again</button>}
    </div>
  );
}

export function Loading({ what }: { what: string }): JSX.Element {
  return <p class="loading" role="status">Loading {what}…</p>;
}

export function Empty(
  { title, children }: { title: string; children?: ComponentChildren },
): JSX.Element {
  return (
    <div class="empty">
      <h2>{title}</h2>
      {children}
    </div>
  );
}
