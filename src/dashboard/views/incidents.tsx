/* All incidents, the open ones first. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import * as api from '../api';
import { IncidentTable } from '../components/incident-table';
import { Empty, ErrorNotice, Loading } from '../components/notice';
import { plural } from '../format';
import { useLive, useResource, useThrottled } from '../resource';
import type { Incident } from '../types';

const PAGE = '50';
const SOON_MS = 500;

function openFirst(a: Incident, b: Incident): number {
  return Number(a.closedAt !== null) - Number(b.closedAt !== null)
    || Date.parse(b.openedAt) - Date.parse(a.openedAt);
}

/* The first page is read again when something happens; older pages are added below on demand. */
function useIncidents() {
  const first = useResource('', () => api.incidents({ limit: PAGE }));
  const [older, setOlder] = useState<api.IncidentPage | null>(null);
  const [failure, setFailure] = useState<Error | null>(null);
  const cursor = older ? older.nextCursor : first.data?.nextCursor;

  const more = async (): Promise<void> => {
    try {
      const page = await api.incidents({ limit: PAGE, cursor: cursor ?? '' });
      setOlder((old) => ({ ...page, incidents: [...old?.incidents ?? [], ...page.incidents] }));
      setFailure(null);
    } catch (error) {
      setFailure(error instanceof Error ? error : new Error(String(error)));
    }
  };
  const byId = new Map<string, Incident>();
  for (const incident of [...older?.incidents ?? [], ...first.data?.incidents ?? []])
    byId.set(incident.id, incident);
  return {
    incidents: [...byId.values()].sort(openFirst), ready: first.data !== null,
    error: first.error ?? failure, reload: first.reload, more: cursor ? more : null,
  };
}

export function Incidents(): JSX.Element {
  const { incidents, ready, error, reload, more } = useIncidents();
  const soon = useThrottled(reload, SOON_MS);
  const [busy, setBusy] = useState(false);
  const open = incidents.filter((incident) => !incident.closedAt).length;

  useLive((event) => {
    if (event.name.startsWith('incident.'))
      soon();
  });
  return (
    <>
      <div class="page-head">
        <div>
          <h1 tabIndex={-1}>Incidents</h1>
          {ready && (
            <p class="muted">{open === 0 ? 'Nothing is open' : `${plural(open, 'incident')} open`}</p>
          )}
        </div>
      </div>
      {error && <ErrorNotice error={error} retry={reload} />}
      {!ready && !error && <Loading what="incidents" />}
      {ready && incidents.length === 0 && (
        <div class="card"><Empty title="No incidents">
          <p>When a quorum finds a website down, or people report something, it is recorded here.</p>
        </Empty></div>
      )}
      {incidents.length > 0 && (
        <div class="card"><IncidentTable incidents={incidents} withSite /></div>
      )}
      {more && (
        <button
          type="button" class="button more" disabled={busy}
          onClick={() => { setBusy(true); void more().finally(() => setBusy(false)); }}
        >
          Show older
        </button>
      )}
    </>
  );
}
