/* One incident: what it is, who takes care of it, what happened, and what can be done. */
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import * as api from '../api';
import { Icon } from '../components/icons';
import { AssignForm, IncidentButtons, NoteForm } from '../components/incident-forms';
import { IncidentStatus } from '../components/incident-table';
import { IncidentTimeline } from '../components/incident-timeline';
import { Empty, ErrorNotice, Loading } from '../components/notice';
import { Lasting, When } from '../components/time';
import { NOTHING, siteTitle } from '../format';
import { incidentTitle, words } from '../incident-text';
import { useLive, useResource, useThrottled } from '../resource';
import { incidentHref, websiteHref } from '../route';
import { pageTitle } from '../tab';
import type { IncidentWhole } from '../types';

const SOON_MS = 300;

function Fact({ name, children }: { name: string; children: ComponentChildren }): JSX.Element {
  return <div><dt>{name}</dt><dd>{children}</dd></div>;
}

function Facts({ incident }: { incident: IncidentWhole }): JSX.Element {
  const { acknowledgedAt, acknowledgedBy, assignee, closedAt, openedAt, regions } = incident;

  return (
    <dl class="terms incident-facts">
      <Fact name="Kind">{words(incident.kind)}</Fact>
      <Fact name="Severity">{words(incident.severity ?? incident.kind)}</Fact>
      <Fact name="Cause">{incident.cause ? words(incident.cause) : NOTHING}</Fact>
      {regions && regions.length > 0 && <Fact name="Regions">{regions.join(', ')}</Fact>}
      <Fact name="Opened"><When at={openedAt} /></Fact>
      <Fact name="First seen"><When at={incident.firstEvidenceAt} /></Fact>
      <Fact name="Last seen"><When at={incident.lastEvidenceAt} /></Fact>
      <Fact name="Closed"><When at={closedAt} /></Fact>
      <Fact name="Duration"><Lasting from={openedAt} to={closedAt} /></Fact>
      <Fact name="Acknowledged">
        {acknowledgedAt ? <>by {acknowledgedBy}, <When at={acknowledgedAt} /></> : 'Not yet'}
      </Fact>
      {incident.suppressedBy && (
        <Fact name="Suppressed by">
          <a href={incidentHref(incident.suppressedBy)}>The incident of what it depends on</a>
        </Fact>
      )}
      <Fact name="Assigned to">{assignee ?? 'Nobody'}</Fact>
    </dl>
  );
}

function Head({ incident }: { incident: IncidentWhole }): JSX.Element {
  const site = siteTitle({ url: incident.url, name: incident.name ?? null });

  return (
    <div class="page-head">
      <div class="site-title">
        <h1 tabIndex={-1}>{incidentTitle(incident)}</h1>
        <p class="muted">
          {incident.websiteRemoved
            ? <>{site}, which is no longer watched</>
            : <a href={websiteHref(incident.websiteId)}>{site}</a>}
        </p>
      </div>
    </div>
  );
}

/* As many pages of the timeline as were asked for; read again when something is done. */
function useIncident(id: string) {
  const [pages, setPages] = useState(1);
  const resource = useResource(`${id} ${pages}`, () => api.incident(id, pages));
  const last = useRef<IncidentWhole | null>(null);
  const soon = useThrottled(resource.reload, SOON_MS);

  useLive((event) => {
    if (event.name === 'reset' || (event.name.startsWith('incident.') && isOf(id, event.data)))
      soon();
  });
  last.current = resource.data ?? last.current;
  const incident = last.current?.id === id ? last.current : null;
  return {
    ...resource, incident,
    more: incident?.nextCursor ? () => setPages((value) => value + 1) : null,
  };
}

function isOf(id: string, data: unknown): boolean {
  return (data as { id?: string } | null)?.id === id;
}

export function IncidentView({ id }: { id: string }): JSX.Element {
  const { incident, error, reload, more } = useIncident(id);
  const gone = error instanceof api.Problem && error.status === 404;

  useEffect(() => {
    if (incident)
      pageTitle.value = incidentTitle(incident);
  }, [incident]);
  return (
    <>
      <a class="back" href="#/incidents"><Icon name="back" />All incidents</a>
      {!incident && <h1 class="hidden" tabIndex={-1}>Incident</h1>}
      {gone && <Empty title="There is no such incident"><a href="#/incidents">All incidents</a></Empty>}
      {error && !gone && <ErrorNotice error={error} retry={reload} />}
      {!incident && !error && <Loading what="incident" />}
      {incident && (
        <>
          <Head incident={incident} />
          <section class="card incident-card" aria-label="State">
            <div class="state-line" aria-live="polite">
              <IncidentStatus open={incident.closedAt === null} />
              {incident.acknowledgedAt && <span class="chip">Acknowledged</span>}
            </div>
            <Facts incident={incident} />
            <IncidentButtons incident={incident} onDone={reload} />
          </section>
          <IncidentTimeline events={incident.events} more={more} />
          <section class="card" aria-label="Take care">
            <NoteForm incident={incident} onDone={reload} />
            <AssignForm incident={incident} onDone={reload} />
          </section>
        </>
      )}
    </>
  );
}
