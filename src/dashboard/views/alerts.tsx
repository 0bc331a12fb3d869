/* Where alerts go, and what became of them. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import * as api from '../api';
import { AlertLog } from '../components/alert-log';
import { ChannelCard } from '../components/channel-card';
import { SecretDialog } from '../components/channel-dialogs';
import { ChannelForm } from '../components/channel-form';
import { Dialog } from '../components/dialog';
import { Empty, ErrorNotice, Loading } from '../components/notice';
import { plural } from '../format';
import { useInterval, useResource } from '../resource';
import type { Alert } from '../types';

const PAGE = '50';
const SOON_MS = 2_000; /* while something is on its way */
const POLL_MS = 15_000;

/* The newest page is read again and again; older ones are added below on demand. */
function useLog() {
  const first = useResource('', () => api.alerts({ limit: PAGE }));
  const [older, setOlder] = useState<api.AlertPage | null>(null);
  const [failure, setFailure] = useState<Error | null>(null);
  const cursor = older ? older.nextCursor : first.data?.nextCursor;

  const more = async (): Promise<void> => {
    try {
      const page = await api.alerts({ limit: PAGE, cursor: cursor ?? '' });
      setOlder((old) => ({ ...page, alerts: [...old?.alerts ?? [], ...page.alerts] }));
      setFailure(null);
    } catch (error) {
      setFailure(error instanceof Error ? error : new Error(String(error)));
    }
  };
  const byId = new Map<string, Alert>();
  for (const alert of [...first.data?.alerts ?? [], ...older?.alerts ?? []])
    byId.set(alert.id, byId.get(alert.id) ?? alert);
  return {
    alerts: [...byId.values()], error: first.error ?? failure, reload: first.reload,
    more: cursor ? more : null,
  };
}

export function Alerts(): JSX.Element {
  const channels = useResource('', () => api.channels());
  const log = useLog();
  const [adding, setAdding] = useState(false);
  const [secret, setSecret] = useState<string | null>(null);
  const moving = log.alerts.some((alert) => alert.state === 'pending');

  const reload = (): void => {
    channels.reload();
    log.reload();
  };
  useInterval(reload, moving ? SOON_MS : POLL_MS);
  return (
    <>
      <div class="page-head">
        <div>
          <h1 tabIndex={-1}>Alerts</h1>
          {channels.data && <p class="muted">{plural(channels.data.length, 'channel')}</p>}
        </div>
        <button type="button" class="button button-primary" onClick={() => setAdding(true)}>
          Add channel
        </button>
      </div>
      {channels.error && <ErrorNotice error={channels.error} retry={reload} />}
      {!channels.data && !channels.error && <Loading what="channels" />}
      {channels.data && (
        <section class="card" aria-label="Channels">
          {channels.data.length === 0
            ? <Empty title="Nobody is told"><p>A channel is where alerts of incidents go.</p></Empty>
            : (
              <ul class="channels">
                {channels.data.map((channel) => (
                  <ChannelCard key={channel.id} channel={channel} onChange={reload} />
                ))}
              </ul>
            )}
        </section>
      )}
      <section class="card" aria-labelledby="alert-log">
        <div class="card-head"><h2 id="alert-log">Delivery log</h2></div>
        {log.error && <ErrorNotice error={log.error} retry={log.reload} />}
        {log.alerts.length === 0
          ? <p class="card-text muted">Nothing was told yet.</p>
          : <AlertLog alerts={log.alerts} onChange={reload} />}
      </section>
      {log.more && (
        <button type="button" class="button more" onClick={() => void log.more?.()}>
          Show older
        </button>
      )}
      {adding && (
        <Dialog title="Add a channel" onClose={() => setAdding(false)}>
          <ChannelForm
            channel={null} onCancel={() => setAdding(false)}
            onDone={(made) => {
              setAdding(false);
              setSecret(made);
              reload();
            }}
          />
        </Dialog>
      )}
      {secret && <SecretDialog secret={secret} onClose={() => setSecret(null)} />}
    </>
  );
}
