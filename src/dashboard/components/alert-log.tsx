/* What was told, to whom, and what became of each try. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import * as api from '../api';
import { alertTitle } from '../channel';
import { siteTitle } from '../format';
import { words } from '../incident-text';
import { useResource } from '../resource';
import { incidentHref } from '../route';
import type { Alert, Delivery, State } from '../types';
import { StateIcon } from './icons';
import { ErrorNotice, Loading } from './notice';
import { When } from './time';

const COLOUR: Record<Alert['state'], State> = {
  pending: 'UNKNOWN', delivered: 'UP', failed: 'DOWN', dropped: 'PAUSED',
};

function Try({ at, tookMs, ok, status, error }: Delivery): JSX.Element {
  return (
    <li>
      <When at={at} />: {ok ? 'delivered' : error ?? 'failed'}
      {ok && status !== null && `, the answer was ${status}`}
      {`, after ${tookMs} ms`}
    </li>
  );
}

/* Read again whenever the alert was tried again. */
function Tries({ alert }: { alert: Alert }): JSX.Element {
  const { data, error, reload } = useResource(
    `${alert.id} ${alert.tries} ${alert.state}`, () => api.alert(alert.id));

  if (error)
    return <ErrorNotice error={error} retry={reload} />;
  if (!data)
    return <Loading what="tries" />;
  if (data.deliveries.length === 0)
    return <p class="muted">It was not tried yet.</p>;
  return (
    <ul class="check-list" aria-label="Tries">
      {data.deliveries.map((one) => <Try key={one.at} {...one} />)}
    </ul>
  );
}

function Row({ alert, onReplay }: { alert: Alert; onReplay: () => void }): JSX.Element {
  const [open, setOpen] = useState(false);

  return (
    <>
      <tr data-alert={alert.id} data-result={alert.state}>
        <td>
          <span class="pill" data-state={COLOUR[alert.state]}>
            <StateIcon state={COLOUR[alert.state]} />{words(alert.state)}
          </span>
        </td>
        <td class="cell-wide">{alert.channelName}</td>
        <td class="cell-wide">
          {alert.incidentId
            ? <a href={incidentHref(alert.incidentId)}>{alertTitle(alert.type)}</a>
            : alertTitle(alert.type)}
          {alert.url && <span class="sub">{siteTitle({ url: alert.url })}</span>}
        </td>
        <td><When at={alert.createdAt} /></td>
        <td class="cell-error">{alert.error ?? ''}</td>
        <td>
          <button
            type="button" class="button" aria-expanded={open} onClick={() => setOpen(!open)}
          >
            {`Tries (${alert.tries})`}
          </button>
          {' '}
          {alert.state !== 'pending' && (
            <button type="button" class="button" onClick={onReplay}>Replay</button>
          )}
        </td>
      </tr>
      {open && <tr><td colSpan={6}><Tries alert={alert} /></td></tr>}
    </>
  );
}

interface Props {
  alerts: Alert[];
  onChange: () => void;
}

export function AlertLog({ alerts, onChange }: Props): JSX.Element {
  const [error, setError] = useState<Error | null>(null);

  const replay = async (id: string): Promise<void> => {
    try {
      await api.replayAlert(id);
      setError(null);
    } catch (caught) {
      setError(caught instanceof Error ? caught : new Error(String(caught)));
    }
    onChange();
  };

  return (
    <>
      {error && <ErrorNotice error={error} />}
      <div class="scroll" tabIndex={0} role="group" aria-label="Alerts, scrollable">
        <table class="table" aria-label="Alerts">
          <thead>
            <tr>
              <th scope="col">State</th><th scope="col">Channel</th><th scope="col">What</th>
              <th scope="col">When</th><th scope="col">Last error</th>
              <th scope="col">Tries</th>
            </tr>
          </thead>
          <tbody>
            {alerts.map((alert) => (
              <Row key={alert.id} alert={alert} onReplay={() => void replay(alert.id)} />
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}
