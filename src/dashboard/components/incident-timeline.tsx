/* What happened to an incident, oldest first. */
import type { JSX } from 'preact';
import { actorName, eventLabel, eventText } from '../incident-text';
import type { IncidentEvent } from '../types';
import { When } from './time';

interface Props {
  events: IncidentEvent[];
  more: (() => void) | null;
}

function Entry({ event }: { event: IncidentEvent }): JSX.Element {
  const text = eventText(event);

  return (
    <li data-kind={event.kind}>
      <p class="entry-head">
        <strong>{eventLabel(event)}</strong>
        <span class="muted"> by {actorName(event.actor)}, <When at={event.at} /></span>
      </p>
      {text && <p class="entry-text">{text}</p>}
    </li>
  );
}

export function IncidentTimeline({ events, more }: Props): JSX.Element {
  return (
    <section class="card" aria-labelledby="incident-timeline">
      <div class="card-head"><h2 id="incident-timeline">Timeline</h2></div>
      {events.length === 0 && <p class="card-text muted">Nothing was recorded.</p>}
      <ol class="timeline">
        {events.map((event, i) => <Entry key={i} event={event} />)}
      </ol>
      {more && (
        <div class="card-text">
          <button type="button" class="button" onClick={more}>Show later entries</button>
        </div>
      )}
    </section>
  );
}
