/* When a website is worked at: what is announced, and a form to announce it. */
import type { JSX } from 'preact';
import { useId, useState } from 'preact/hooks';
import * as api from '../api';
import { useResource } from '../resource';
import type { Maintenance, NewMaintenance } from '../types';
import { ErrorNotice } from './notice';
import { When } from './time';

const MINUTE_MS = 60_000;

function zoneHere(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';
}

/* A moment as the browser's field has it, in the zone of this browser; '' when there is none. */
function moment(text: string): string {
  const at = new Date(text);

  return Number.isNaN(at.getTime()) ? '' : at.toISOString();
}

function readForm(form: HTMLFormElement, websiteId: string, again: boolean): NewMaintenance {
  const data = new FormData(form);
  const text = (key: string): string => String(data.get(key) ?? '').trim();
  const window: NewMaintenance = {
    websiteIds: text('scope') === 'all' ? null : [websiteId], title: text('title'),
  };

  if (!again)
    return { ...window, from: moment(text('from')), until: moment(text('until')) };
  return {
    ...window, cron: text('cron'), durationMs: Math.round(Number(text('minutes')) * MINUTE_MS),
    timeZone: text('zone'),
  };
}

function Once({ id }: { id: string }): JSX.Element {
  return (
    <div class="form-row">
      <div>
        <label for={`${id}-from`}>From</label>
        <input id={`${id}-from`} name="from" type="datetime-local" required />
      </div>
      <div>
        <label for={`${id}-until`}>Until</label>
        <input id={`${id}-until`} name="until" type="datetime-local" required />
      </div>
    </div>
  );
}

function Again({ id }: { id: string }): JSX.Element {
  return (
    <>
      <div class="form-row">
        <div>
          <label for={`${id}-cron`}>When, as cron says it</label>
          <input
            id={`${id}-cron`} name="cron" required autoComplete="off" spellcheck={false}
            placeholder="0 3 * * sun"
          />
        </div>
        <div>
          <label for={`${id}-minutes`}>For (minutes)</label>
          <input id={`${id}-minutes`} name="minutes" inputMode="numeric" defaultValue="60" />
        </div>
      </div>
      <label for={`${id}-zone`}>Time zone</label>
      <input
        id={`${id}-zone`} name="zone" autoComplete="off" spellcheck={false}
        defaultValue={zoneHere()}
      />
    </>
  );
}

function Form({ websiteId, onDone }: { websiteId: string; onDone: () => void }): JSX.Element {
  const id = useId();
  const [again, setAgain] = useState(false);
  const [error, setError] = useState<Error | null>(null);

  const submit = async (event: JSX.TargetedSubmitEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    try {
      await api.addMaintenance(readForm(event.currentTarget, websiteId, again));
      onDone();
    } catch (caught) {
      setError(caught instanceof Error ? caught : new Error('It was not announced.'));
    }
  };

  return (
    <form class="form card-text" aria-label="Announce maintenance" onSubmit={submit} noValidate>
      <label for={`${id}-title`}>What is done <span class="muted">(optional)</span></label>
      <input id={`${id}-title`} name="title" autoComplete="off" />
      <div class="form-row">
        <div>
          <label for={`${id}-kind`}>How often</label>
          <select
            id={`${id}-kind`}
            onChange={(event) => setAgain(event.currentTarget.value === 'again')}
          >
            <option value="once">Once</option>
            <option value="again">Again and again</option>
          </select>
        </div>
        <div>
          <label for={`${id}-scope`}>Where</label>
          <select id={`${id}-scope`} name="scope">
            <option value="this">This website</option>
            <option value="all">All websites</option>
          </select>
        </div>
      </div>
      {again ? <Again id={id} /> : <Once id={id} />}
      {error && <ErrorNotice error={error} />}
      <div class="form-actions">
        <button type="button" class="button" onClick={onDone}>Cancel</button>
        <button type="submit" class="button button-primary">Announce</button>
      </div>
    </form>
  );
}

function Row({ window, onRemove }: { window: Maintenance; onRemove: () => void }): JSX.Element {
  const next = window.next[0];

  return (
    <li>
      <strong>{window.title || 'Maintenance'}</strong>
      {window.websiteIds === null && ' of all websites'}
      {window.cron && <> (<code>{window.cron}</code>, {window.timeZone})</>}
      {': '}
      {next ? <>from <When at={next.from} /></> : 'over'}
      {next && (next.until ? <> until <When at={next.until} /></> : ', without an end in sight')}
      {' '}
      <button type="button" class="button" onClick={onRemove}>Call off</button>
    </li>
  );
}

export function MaintenancePanel({ websiteId }: { websiteId: string }): JSX.Element {
  const { data, error, reload } = useResource(websiteId, () => api.maintenance(websiteId));
  const [adding, setAdding] = useState(false);
  const [failure, setFailure] = useState<Error | null>(null);

  const remove = async (id: string): Promise<void> => {
    try {
      await api.removeMaintenance(id);
      setFailure(null);
    } catch (caught) {
      setFailure(caught instanceof Error ? caught : new Error('It was not called off.'));
    }
    reload();
  };

  return (
    <section class="card" aria-labelledby="site-maintenance">
      <div class="card-head">
        <h2 id="site-maintenance">Maintenance</h2>
        {!adding && (
          <button type="button" class="button" onClick={() => setAdding(true)}>Announce</button>
        )}
      </div>
      {adding && (
        <Form
          websiteId={websiteId}
          onDone={() => {
            setAdding(false);
            reload();
          }}
        />
      )}
      {(error ?? failure) && <ErrorNotice error={(error ?? failure)!} retry={reload} />}
      {data && data.length === 0 && !adding && (
        <p class="card-text muted">
          None. While a website is worked at it is checked on, but no incident opens.
        </p>
      )}
      {data && data.length > 0 && (
        <ul class="card-text check-list">
          {data.map((window) => (
            <Row key={window.id} window={window} onRemove={() => void remove(window.id)} />
          ))}
        </ul>
      )}
    </section>
  );
}
