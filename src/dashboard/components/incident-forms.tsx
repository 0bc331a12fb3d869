/* What people do with an incident: one form each, and the server's own words when it objects. */
import type { JSX } from 'preact';
import { useId, useState } from 'preact/hooks';
import { acknowledgeIncident, assignIncident, noteIncident, resolveIncident } from '../api';
import type { IncidentWhole } from '../types';
import { ErrorNotice } from './notice';

interface Props {
  incident: IncidentWhole;
  onDone: () => void;
}

/* One deed at a time: whether it is under way, and what became of it. */
function useDeed(onDone: () => void) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<Error | null>(null);

  const run = async (deed: () => Promise<void>): Promise<boolean> => {
    setBusy(true);
    try {
      await deed();
      setError(null);
      onDone();
      return true;
    } catch (caught) {
      setError(caught instanceof Error ? caught : new Error(String(caught)));
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { busy, error, run };
}

export function IncidentButtons({ incident, onDone }: Props): JSX.Element | null {
  const { busy, error, run } = useDeed(onDone);
  const open = incident.closedAt === null;
  const { id, acknowledgedAt, kind } = incident;

  if (!open)
    return null;
  return (
    <>
      <div class="incident-buttons">
        {!acknowledgedAt && (
          <button
            type="button" class="button button-primary" disabled={busy}
            onClick={() => void run(() => acknowledgeIncident(id))}
          >
            Acknowledge
          </button>
        )}
        {kind === 'manual' && (
          <button
            type="button" class="button" disabled={busy}
            onClick={() => void run(() => resolveIncident(id))}
          >
            Resolve
          </button>
        )}
      </div>
      {error && <ErrorNotice error={error} />}
    </>
  );
}

export function AssignForm({ incident, onDone }: Props): JSX.Element {
  const id = useId();
  const { busy, error, run } = useDeed(onDone);

  const submit = (event: JSX.TargetedSubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const form = event.currentTarget;
    const email = String(new FormData(form).get('assignee') ?? '').trim();
    void run(() => assignIncident(incident.id, email === '' ? null : email));
  };

  return (
    <form class="form card-text" onSubmit={submit} noValidate>
      <label for={id}>Who takes care of it</label>
      <div class="form-line">
        <input
          key={incident.assignee ?? ''} id={id} name="assignee" type="email" autoComplete="off"
          placeholder="ann@example.org" defaultValue={incident.assignee ?? ''}
          aria-invalid={error !== null} aria-describedby={`${id}-help ${id}-error`}
        />
        <button type="submit" class="button" disabled={busy}>Assign</button>
      </div>
      <p id={`${id}-help`} class="small muted">A member of your organisation; empty: nobody.</p>
      <div id={`${id}-error`}>{error && <ErrorNotice error={error} />}</div>
    </form>
  );
}

export function NoteForm({ incident, onDone }: Props): JSX.Element {
  const id = useId();
  const { busy, error, run } = useDeed(onDone);

  const submit = async (event: JSX.TargetedSubmitEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const form = event.currentTarget;
    const text = String(new FormData(form).get('text') ?? '').replaceAll('\r\n', '\n').trim();
    if (await run(() => noteIncident(incident.id, text)))
      form.reset();
  };

  return (
    <form class="form card-text" onSubmit={submit} noValidate>
      <label for={id}>Note</label>
      <textarea
        id={id} name="text" rows={3} aria-invalid={error !== null} aria-describedby={`${id}-error`}
      />
      <div id={`${id}-error`}>{error && <ErrorNotice error={error} />}</div>
      <div class="form-actions">
        <button type="submit" class="button" disabled={busy}>Add note</button>
      </div>
    </form>
  );
}
