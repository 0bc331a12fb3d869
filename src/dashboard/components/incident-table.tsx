/* Incidents as rows: open or closed, what, why, when, how long. */
import type { JSX } from 'preact';
import { siteTitle } from '../format';
import { incidentTitle, words } from '../incident-text';
import { incidentHref, websiteHref } from '../route';
import type { Incident, State } from '../types';
import { StateIcon } from './icons';
import { Lasting, When } from './time';

interface Props {
  incidents: Incident[];
  withSite: boolean;
}

export function IncidentStatus({ open }: { open: boolean }): JSX.Element {
  const state: State = open ? 'DOWN' : 'UP';

  return (
    <span class="pill" data-state={state}>
      <StateIcon state={state} />{open ? 'Open' : 'Closed'}
    </span>
  );
}

export function IncidentTable({ incidents, withSite }: Props): JSX.Element {
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label="Incidents, scrollable">
      <table class="table" aria-label="Incidents">
        <thead>
          <tr>
            <th scope="col">Status</th>
            {withSite && <th scope="col">Website</th>}
            <th scope="col">Kind</th><th scope="col">What</th>
            <th scope="col">Opened</th><th scope="col">Closed</th><th scope="col">Duration</th>
          </tr>
        </thead>
        <tbody>
          {incidents.map((incident) => (
            <tr key={incident.id} data-id={incident.id} data-open={incident.closedAt === null}>
              <td>
                <IncidentStatus open={!incident.closedAt} />
                {incident.acknowledgedAt && !incident.closedAt
                  && <span class="sub">Acknowledged</span>}
              </td>
              {withSite && (
                <td class="cell-wide">
                  <a href={websiteHref(incident.websiteId)}>{siteTitle({ url: incident.url })}</a>
                </td>
              )}
              <td>{words(incident.kind)}</td>
              <td class="cell-wide">
                <a href={incidentHref(incident.id)}>{incidentTitle(incident)}</a>
              </td>
              <td><When at={incident.openedAt} /></td>
              <td><When at={incident.closedAt} /></td>
              <td><Lasting from={incident.openedAt} to={incident.closedAt} /></td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
