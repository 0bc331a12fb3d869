/* Who checks: every validator with its state, place, work and earnings. */
import type { JSX } from 'preact';
import * as api from '../api';
import { Empty, ErrorNotice, Loading } from '../components/notice';
import { StateIcon } from '../components/icons';
import { Ago } from '../components/time';
import { formatCount, formatSol, NOTHING, plural, shortKey } from '../format';
import { useInterval, useLive, useResource, useThrottled } from '../resource';
import type { State, Validator } from '../types';

const REFRESH_MS = 15_000;
const SOON_MS = 500;

const ADMISSION: Record<Validator['state'], { label: string; look: State }> = {
  approved: { label: 'Approved', look: 'UP' },
  pending: { label: 'Pending', look: 'UNKNOWN' },
  suspended: { label: 'Suspended', look: 'PAUSED' },
};

function Admission({ state }: { state: Validator['state'] }): JSX.Element {
  const { label, look } = ADMISSION[state] ?? { label: state, look: 'UNKNOWN' };
  return <span class="pill" data-state={look}><StateIcon state={look} />{label}</span>;
}

function Row({ validator }: { validator: Validator }): JSX.Element {
  const { id, name, region, tags, connected, lastSeen, ticks24h, pendingPayouts } = validator;

  return (
    <tr data-id={id}>
      <td>
        <strong class="validator-name">{name || shortKey(id)}</strong>
        {name && <code class="key" title={id}>{shortKey(id)}</code>}
      </td>
      <td><Admission state={validator.state} /></td>
      <td>
        <span class="link-state" data-connected={connected}>
          {connected ? 'Connected' : 'Away'}
        </span>
      </td>
      <td>{region || NOTHING}</td>
      <td>
        <span class="tags">{tags.map((tag) => <span key={tag} class="chip">{tag}</span>)}</span>
      </td>
      <td><Ago at={lastSeen} /></td>
      <td class="number">{formatCount(ticks24h)}</td>
      <td class="number">
        {formatSol(pendingPayouts)}
        <span class="sub">{plural(pendingPayouts, 'lamport')}</span>
      </td>
    </tr>
  );
}

export function Validators(): JSX.Element {
  const { data, error, reload } = useResource('', () => api.validators());
  const soon = useThrottled(reload, SOON_MS);
  const connected = data?.filter((validator) => validator.connected).length ?? 0;

  useInterval(reload, REFRESH_MS);
  useLive((event) => {
    if (event.name === 'validator.online' || event.name === 'validator.offline')
      soon();
  });
  return (
    <>
      <div class="page-head">
        <div>
          <h1 tabIndex={-1}>Validators</h1>
          {data && <p class="muted">{connected} of {formatCount(data.length)} connected</p>}
        </div>
      </div>
      {error && <ErrorNotice error={error} retry={reload} />}
      {!data && !error && <Loading what="validators" />}
      {data && data.length === 0 && (
        <div class="card"><Empty title="No validator has joined yet">
          <p>Start dpin-validator on a machine; it shows up here and waits for approval.</p>
        </Empty></div>
      )}
      {data && data.length > 0 && (
        <div class="card"><div
          class="scroll" tabIndex={0} role="group" aria-label="Validators, scrollable"
        >
          <table class="table" aria-label="Validators">
            <thead>
              <tr>
                <th scope="col">Validator</th><th scope="col">Admission</th>
                <th scope="col">Link</th><th scope="col">Region</th><th scope="col">Tags</th>
                <th scope="col">Last seen</th><th scope="col" class="number">Checks 24 h</th>
                <th scope="col" class="number">Earnings</th>
              </tr>
            </thead>
            <tbody>
              {data.map((validator) => <Row key={validator.id} validator={validator} />)}
            </tbody>
          </table>
        </div></div>
      )}
    </>
  );
}
