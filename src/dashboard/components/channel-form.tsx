/* Adds a channel of alerts, or changes one. What the server objects to is shown in its own words. */
import type { JSX } from 'preact';
import { useId, useState } from 'preact/hooks';
import * as api from '../api';
import { channelBody, channelWishes, EVENTS, SEVERITIES, type ChannelWishes } from '../channel';
import type { Channel, ChannelKind } from '../types';
import { ErrorNotice } from './notice';

interface Props {
  channel: Channel | null; /* null: a new one */
  onDone: (secret: string | null) => void;
  onCancel: () => void;
}

const KINDS: readonly [ChannelKind, string][] = [['webhook', 'Webhook'], ['email', 'E-mail']];

function zoneHere(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';
}

function readForm(form: HTMLFormElement, kind: ChannelKind): ChannelWishes {
  const data = new FormData(form);
  const text = (key: string): string => String(data.get(key) ?? '').trim();
  const all = (key: string): string[] => data.getAll(key).map(String);

  return {
    kind, name: text('name'), url: text('url'), to: text('to'), subject: text('subject'),
    text: text('text').replaceAll('\r\n', '\n'), events: all('events'),
    severities: all('severities'), recovery: data.get('recovery') !== null, delay: text('delay'),
    reminder: text('reminder'), quietFrom: text('quietFrom'), quietTo: text('quietTo'),
    zone: text('zone'), perHour: text('perHour'),
  };
}

type FieldName = 'url' | 'to' | 'subject' | 'delay' | 'reminder' | 'quietFrom' | 'quietTo'
  | 'zone' | 'perHour';

interface FieldProps {
  name: FieldName;
  label: string;
  was: ChannelWishes;
  hint?: string;
  type?: string;
}

function Field({ name, label, was, hint = '', type = 'text' }: FieldProps): JSX.Element {
  const id = useId();

  return (
    <div>
      <label for={id}>{label}</label>
      <input
        id={id} name={name} type={type} autoComplete="off" spellcheck={false} placeholder={hint}
        defaultValue={was[name]}
      />
    </div>
  );
}

interface TicksProps {
  name: 'events' | 'severities';
  legend: string;
  all: readonly [string, string][];
  was: ChannelWishes;
}

function Ticks({ name, legend, all, was }: TicksProps): JSX.Element {
  return (
    <fieldset class="ticks">
      <legend>{legend}</legend>
      {all.map(([value, label]) => (
        <label key={value} class="form-tick">
          <input
            type="checkbox" name={name} value={value}
            defaultChecked={was[name].includes(value)}
          /> {label}
        </label>
      ))}
    </fieldset>
  );
}

function Where({ kind, was }: { kind: ChannelKind; was: ChannelWishes }): JSX.Element {
  const id = useId();

  if (kind === 'webhook')
    return <Field name="url" label="URL" was={was} hint="https://example.org/hook" />;
  return (
    <>
      <Field name="to" label="Recipients" was={was} hint="ann@example.org, bob@example.org" />
      <details class="form-more">
        <summary>A text of your own</summary>
        <Field name="subject" label="Subject" was={was} />
        <label for={id}>Text</label>
        <textarea id={id} name="text" rows={4} defaultValue={was.text} />
      </details>
    </>
  );
}

function When({ was }: { was: ChannelWishes }): JSX.Element {
  return (
    <>
      <details class="form-more">
        <summary>What is told</summary>
        <Ticks name="events" legend="Of an incident, when (none: always)" all={EVENTS} was={was} />
        <Ticks
          name="severities" legend="How bad it has to be (none: however)" all={SEVERITIES}
          was={was}
        />
      </details>
      <details class="form-more">
        <summary>When it is told</summary>
        <label class="form-tick">
          <input type="checkbox" name="recovery" defaultChecked={was.recovery} />
          {' '}Its end is told, too
        </label>
        <div class="form-row">
          <Field name="delay" label="Only after (minutes)" was={was} hint="at once" />
          <Field name="reminder" label="Again every (minutes)" was={was} hint="never" />
          <Field name="quietFrom" label="Quiet from" was={was} hint="22:00" />
          <Field name="quietTo" label="Quiet until" was={was} hint="07:00" />
          <Field name="zone" label="Time zone" was={was} />
          <Field name="perHour" label="Messages an hour, at most" was={was} hint="60" />
        </div>
      </details>
    </>
  );
}

export function ChannelForm({ channel, onDone, onCancel }: Props): JSX.Element {
  const id = useId();
  const [was] = useState(() => channelWishes(channel, zoneHere()));
  const [kind, setKind] = useState<ChannelKind>(was.kind);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<Error | null>(null);

  const save = async (wishes: ChannelWishes): Promise<string | null> => {
    if (!channel)
      return api.addChannel(channelBody(wishes));
    const { name, settings, filter, rules } = channelBody(wishes, channel);
    await api.changeChannel(channel.id, { name, settings, filter, rules });
    return null;
  };
  const submit = async (event: JSX.TargetedSubmitEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const wishes = readForm(event.currentTarget, kind);
    setBusy(true);
    try {
      onDone(await save(wishes));
    } catch (caught) {
      setError(caught instanceof Error ? caught : new Error(String(caught)));
      setBusy(false);
    }
  };

  return (
    <form class="form" onSubmit={submit} noValidate>
      <div class="form-row">
        <div>
          <label for={`${id}-name`}>Name</label>
          <input
            id={`${id}-name`} name="name" autoComplete="off" autoFocus defaultValue={was.name}
            aria-invalid={error !== null} aria-describedby={`${id}-error`}
          />
        </div>
        <div>
          <label for={`${id}-kind`}>Kind</label>
          <select
            id={`${id}-kind`} disabled={channel !== null} value={kind}
            onChange={(event) => setKind(event.currentTarget.value as ChannelKind)}
          >
            {KINDS.map(([value, label]) => <option key={value} value={value}>{label}</option>)}
          </select>
        </div>
      </div>
      <Where kind={kind} was={was} />
      <When was={was} />
      <div id={`${id}-error`}>{error && <ErrorNotice error={error} />}</div>
      <div class="form-actions">
        <button type="button" class="button" onClick={onCancel}>Cancel</button>
        <button type="submit" class="button button-primary" disabled={busy}>
          {channel ? 'Save' : 'Add channel'}
        </button>
      </div>
    </form>
  );
}
