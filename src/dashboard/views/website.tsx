/* One website: its state, uptime, last checks, latency, the votes behind it, its incidents. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import * as api from '../api';
import { checkSentences, kindOf } from '../check';
import { EditDialog } from '../components/edit-dialog';
import { FlappingChip } from '../components/flapping-chip';
import { Heartbeat } from '../components/heartbeat';
import { HeartbeatPanel } from '../components/heartbeat-panel';
import { Icon } from '../components/icons';
import { IncidentTable } from '../components/incident-table';
import { LatencyPanel } from '../components/latency-panel';
import { MaintenancePanel } from '../components/maintenance-panel';
import { useMedia } from '../components/media';
import { ErrorNotice, Loading } from '../components/notice';
import { RemoveDialog } from '../components/remove-dialog';
import { ReportDialog } from '../components/report-dialog';
import { StatePill } from '../components/state-pill';
import { Lasting, When } from '../components/time';
import { VerdictHistory } from '../components/verdict-history';
import { feed } from '../feed';
import { formatUptime, siteTitle } from '../format';
import { useInterval, useLive, useResource, useThrottled } from '../resource';
import { assuranceMeaning } from '../states';
import { withBeat } from '../store';
import { pageTitle } from '../tab';
import type { Check, LiveEvent, Tick, TickEvent, WebsiteStatus } from '../types';

const TICKS = 100;
const TICKS_NARROW = 50;
const STATUS_MS = 30_000;
const VERDICT_MS = 1_000;
const INCIDENTS_MS = 300;

function Facts({ status }: { status: WebsiteStatus }): JSX.Element {
  const { uptime } = status;

  return (
    <dl class="facts">
      <div>
        <dt>Since</dt>
        <dd>{status.since ? <Lasting from={status.since} /> : '–'}</dd>
        <dd class="muted"><When at={status.since} /></dd>
      </div>
      {([['24 h', '24h'], ['7 d', '7d'], ['30 d', '30d']] as const).map(([label, key]) => (
        <div key={key}>
          <dt title="Of the time in verdicts: up and degraded, of up, degraded, partial and down">Uptime {label}</dt>
          <dd>{formatUptime(uptime[key])}</dd>
        </div>
      ))}
    </dl>
  );
}

interface HeadProps {
  status: WebsiteStatus;
  onEdit: () => void;
  onPause: () => void;
  onRemove: () => void;
}

function Head({ status, onEdit, onPause, onRemove }: HeadProps): JSX.Element {
  const known = feed.sites.get(status.id)?.value;
  const name = status.name ?? known?.name ?? null;
  const web = /^https?:\/\//.test(status.url);

  return (
    <div class="page-head">
      <div class="site-title">
        <h1 tabIndex={-1}>{siteTitle({ url: status.url, name })}</h1>
        {web && (
          <a class="url" href={status.url} target="_blank" rel="noopener noreferrer">
            {status.url}<Icon name="external" /><span class="hidden"> (opens a new tab)</span>
          </a>
        )}
      </div>
      <button type="button" class="button" onClick={onPause}>
        {status.paused ? 'Resume' : 'Pause'}
      </button>
      <button type="button" class="button" onClick={onEdit}>Change</button>
      <button type="button" class="button" onClick={onRemove}><Icon name="trash" />Remove</button>
    </div>
  );
}

function StateCard({ status, ticks }: { status: WebsiteStatus; ticks: Tick[] }): JSX.Element {
  const { assurance, tags = [] } = status;
  const slots = useMedia('(max-width: 44rem)') ? TICKS_NARROW : TICKS;

  return (
    <section class="card state-card" aria-label="State" data-state={status.state}>
      <div class="state-line" aria-live="polite">
        <StatePill state={status.state} />
        <FlappingChip until={status.flappingUntil} />
        {assurance && (
          <span class="chip" title={assuranceMeaning(assurance)}>{assurance} assurance</span>
        )}
        {tags.map((tag) => <span key={tag} class="chip">{tag}</span>)}
      </div>
      <Facts status={status} />
      <div class="beats-wide">
        <Heartbeat beats={ticks} slots={slots} />
        <p class="beats-scale muted"><span>Last {slots} checks</span><span>now</span></p>
      </div>
    </section>
  );
}

function CheckCard({ check }: { check: Check }): JSX.Element {
  return (
    <section class="card" aria-labelledby="site-check">
      <div class="card-head"><h2 id="site-check">What has to be so</h2></div>
      <ul class="card-text check-list">
        {checkSentences(check).map((sentence) => <li key={sentence}>{sentence}</li>)}
      </ul>
    </section>
  );
}

function SiteIncidents({ site }: { site: WebsiteStatus }): JSX.Element {
  const websiteId = site.id;
  const [reporting, setReporting] = useState(false);
  const { data, error, reload } = useResource(
    websiteId, () => api.incidents({ websiteId, limit: '20' }));
  const soon = useThrottled(reload, INCIDENTS_MS);

  useLive((event) => {
    if (isOfSite(event, websiteId))
      soon();
  });
  return (
    <section class="card" aria-labelledby="site-incidents">
      <div class="card-head">
        <h2 id="site-incidents">Incidents</h2>
        <button type="button" class="button" onClick={() => setReporting(true)}>
          Report an incident
        </button>
      </div>
      {error && <ErrorNotice error={error} retry={reload} />}
      {data && (data.incidents.length > 0
        ? <IncidentTable incidents={data.incidents} withSite={false} />
        : <p class="card-text muted">None so far.</p>)}
      {reporting && <ReportDialog site={site} onClose={() => setReporting(false)} />}
    </section>
  );
}

function isOfSite(event: LiveEvent, websiteId: string): boolean {
  return event.name.startsWith('incident.')
    && (event.data as { websiteId?: string } | null)?.websiteId === websiteId;
}

/* The status as read, with the ticks that came since. */
function useStatus(id: string) {
  const resource = useResource(id, () => api.websiteStatus(id));
  const [fresh, setFresh] = useState<TickEvent[]>([]);
  const soon = useThrottled(resource.reload, VERDICT_MS);

  useEffect(() => setFresh([]), [resource.data]);
  useInterval(resource.reload, STATUS_MS);
  useLive((event) => {
    if (event.name === 'tick' && event.data.websiteId === id)
      setFresh((old) => [...old, event.data]);
    if (event.name === 'verdict.changed' && event.data.websiteId === id)
      soon();
  });
  const ticks = fresh.reduce<Tick[]>(
    (all, tick) => withBeat(all, tick, TICKS), resource.data?.ticks ?? []);
  return { ...resource, ticks };
}

export function WebsiteView({ id }: { id: string }): JSX.Element {
  const status = useStatus(id);
  const [asking, setAsking] = useState<'edit' | 'remove' | null>(null);
  const [failure, setFailure] = useState<Error | null>(null);
  const live = feed.sites.get(id)?.value;

  useEffect(() => {
    if (status.data)
      pageTitle.value = siteTitle(status.data);
  }, [status.data]);
  const pause = async (paused: boolean): Promise<void> => {
    try {
      await api.changeWebsite(id, { paused });
      setFailure(null);
    } catch (caught) {
      setFailure(caught instanceof Error ? caught : new Error('It stays as it was.'));
    }
    status.reload();
  };
  const shown = status.data && live
    ? {
      ...status.data, state: live.state, assurance: live.assurance, since: live.since,
      flappingUntil: live.flappingUntil ?? null,
    }
    : status.data;
  return (
    <>
      <a class="back" href="#/"><Icon name="back" />All websites</a>
      {!shown && <h1 class="hidden" tabIndex={-1}>Website</h1>}
      {status.error && <ErrorNotice error={status.error} retry={status.reload} />}
      {!shown && !status.error && <Loading what="website" />}
      {shown && (
        <Head
          status={shown} onPause={() => void pause(!shown.paused)}
          onEdit={() => setAsking('edit')} onRemove={() => setAsking('remove')}
        />
      )}
      {failure && <ErrorNotice error={failure} />}
      {shown && <StateCard status={shown} ticks={status.ticks} />}
      {shown && kindOf(shown.url) === 'push' && <HeartbeatPanel websiteId={id} />}
      {shown?.check && <CheckCard check={shown.check} />}
      {shown && <VerdictHistory websiteId={id} />}
      {shown && kindOf(shown.url) !== 'push' && <LatencyPanel websiteId={id} />}
      {shown && <MaintenancePanel websiteId={id} />}
      {shown && <SiteIncidents site={shown} />}
      {asking === 'edit' && shown && (
        <EditDialog site={shown} onClose={() => setAsking(null)} onChanged={status.reload} />
      )}
      {asking === 'remove' && shown && (
        <RemoveDialog
          site={shown} onClose={() => setAsking(null)}
          onRemoved={() => { location.hash = '#/'; }}
        />
      )}
    </>
  );
}
