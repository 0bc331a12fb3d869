/* Reports an incident that no check finds. One of a website is open at a time: the page leads to
 * it. */
import type { JSX } from 'preact';
import { useId, useState } from 'preact/hooks';
import { Problem, reportIncident } from '../api';
import { siteTitle } from '../format';
import { incidentHref } from '../route';
import { Dialog } from './dialog';
import { ErrorNotice } from './notice';

interface Props {
  site: { id: string; url: string; name?: string | null };
  onClose: () => void;
}

/* The id at the end of where the server points. */
function openOne(error: Error | null): string | null {
  const location = error instanceof Problem && error.status === 409 ? error.location : null;
  return location?.split('/').at(-1) ?? null;
}

export function ReportDialog({ site, onClose }: Props): JSX.Element {
  const id = useId();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<Error | null>(null);
  const other = openOne(error);

  const submit = async (event: JSX.TargetedSubmitEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    const text = (key: string): string =>
      String(data.get(key) ?? '').replaceAll('\r\n', '\n').trim();

    setBusy(true);
    try {
      const incident = await reportIncident(site.id, text('title'), text('text'));
      onClose();
      location.hash = incidentHref(incident);
    } catch (caught) {
      setError(caught instanceof Error ? caught : new Error(String(caught)));
      setBusy(false);
    }
  };

  return (
    <Dialog title={`Report an incident of ${siteTitle(site)}`} onClose={onClose}>
      <form class="form" onSubmit={submit} noValidate>
        <label for={`${id}-title`}>What is wrong</label>
        <input
          id={`${id}-title`} name="title" required autoFocus autoComplete="off"
          aria-invalid={error !== null} aria-describedby={`${id}-error`}
        />
        <label for={`${id}-text`}>More about it <span class="muted">(optional)</span></label>
        <textarea id={`${id}-text`} name="text" rows={3} />
        <div id={`${id}-error`}>
          {error && <ErrorNotice error={error} />}
          {other && <p><a href={incidentHref(other)} onClick={onClose}>Show the open one</a></p>}
        </div>
        <div class="form-actions">
          <button type="button" class="button" onClick={onClose}>Cancel</button>
          <button type="submit" class="button button-primary" disabled={busy}>
            {busy ? 'Reporting…' : 'Report incident'}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
