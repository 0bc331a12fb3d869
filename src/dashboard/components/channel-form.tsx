/* Adds a channel of alerts, or changes one. What the server objects to is shown in its own words. */
import type { JSX } from 'preact';
import { useId, useState } from 'preact/hooks';
import * as api from '../api';
import {
  channelBody, channelChange, channelWishes, DAYS, EVENTS, KINDS, SEVERITIES, type ChannelWishes,
} from '../channel';
import { feed } from '../feed';
import { siteTitle } from '../format';
import type { Channel, ChannelKind } from '../types';
import { ErrorNotice } from './notice';

interface Props {
  channel: Channel | null; /* null: a new one */
  onDone: (secret: string | null) => void;
  onCancel: () => void;
}

function zoneHere(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';
}

function readForm(form: HTMLFormElement, kind: ChannelKind): ChannelWishes {
  const data = new FormData(form);
  const text = (key: string): string => String(data.get(key) ?? '').trim();
  const all = (key: string): string[] => data.getAll(key).map(String);

  return {
    kind, name: text('name'), url: text('url'), user: text('user'), password: text('password'),
    token: text('token'), to: text('to'), subject: text('subject'),
    text: text('text').replaceAll('\r\n', '\n'), events: all('events'),
    severities: all('severities'), websites: all('websites'), tags: text('tags'),
    recovery: data.get('recovery') !== null, delay: text('delay'),
    reminder: text('reminder'), quietFrom: text('quietFrom'), quietTo: text('quietTo'),
    zone: text('zone'), days: all('days'), except: all('except'), perHour: text('perHour'),
    digestFrom: text('digestFrom'),
  };
}

type FieldName = 'url' | 'user' | 'password' | 'token' | 'to' | 'subject' | 'tags' | 'delay'
  | 'reminder' | 'quietFrom' | 'quietTo' | 'zone' | 'perHour' | 'digestFrom';

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
  name: 'events' | 'severities' | 'days' | 'except';
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

function Texts({ was }: { was: ChannelWishes }): JSX.Element {
  const id = useId();

  return (
    <details class="form-more">
      <summary>A text of your own</summary>
      <Field name="subject" label="Subject" was={was} />
      <label for={id}>Text</label>
      <textarea id={id} name="text" rows={4} defaultValue={was.text} />
    </details>
  );
}

/* Of what is secret nothing is shown: who changes where it leads has to say that again. */
function Where({ kind, was, sealed }: {
  kind: ChannelKind; was: ChannelWishes; sealed: boolean;
}): JSX.Element {
  const kept = sealed ? 'kept' : '';

  switch (kind) {
    case 'webhook':
      return <Field name="url" label="URL" was={was} hint="https://example.org/hook" />;
    case 'email':
      return (
        <>
          <Field name="to" label="Recipients" was={was} hint="ann@example.org, bob@example.org" />
          <Texts was={was} />
        </>
      );
    case 'alertmanager':
      return (
        <>
          <Field name="url" label="URL" was={was} hint="https://alertmanager.example.org:9093" />
          <div class="form-row">
            <Field name="user" label="User" was={was} hint="nobody" />
            <Field name="password" label="Password" was={was} type="password" hint={kept} />
            <Field name="token" label="Or a token" was={was} type="password" hint={kept} />
          </div>
          {sealed && <Again />}
          <Texts was={was} />
        </>
      );
    case 'apprise':
      return (
        <>
          <Field
            name="url" label="URL of the service" was={was} type="password"
            hint={kept || 'ntfys://ntfy.example.org/topic'}
          />
          {sealed && <Again />}
          <Texts was={was} />
        </>
      );
  }
}

function Again(): JSX.Element {
  return (
    <p class="small muted">
      What is secret is kept as long as nothing of this changes. With a change it has to be typed
      again.
    </p>
  );
}

/* Those that are gone are still those that were chosen. */
function Websites({ was }: { was: ChannelWishes }): JSX.Element {
  const id = useId();
  const sites = feed.sites.all();
  const gone = was.websites.filter((website) => !sites.some((site) => site.id === website));

  return (
    <div>
      <label for={id}>Of these websites (none: all)</label>
      <select id={id} name="websites" multiple size={5}>
        {sites.map((site) => (
          <option key={site.id} value={site.id} selected={was.websites.includes(site.id)}>
            {siteTitle(site)}
          </option>
        ))}
        {gone.map((website) => <option key={website} value={website} selected>{website}</option>)}
      </select>
    </div>
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
        <div class="form-row">
          <Websites was={was} />
          <Field name="tags" label="With any of these tags" was={was} hint="prod, team-web" />
        </div>
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
          <Field name="digestFrom" label="One digest of more a minute than" was={was} hint="10" />
        </div>
        <Ticks name="days" legend="Quiet from these days on (none: all)" all={DAYS} was={was} />
        <Ticks
          name="except" legend="Told in quiet hours nevertheless" all={SEVERITIES} was={was}
        />
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
    await api.changeChannel(channel.id, channelChange(wishes, channel));
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
      <Where kind={kind} was={was} sealed={channel?.sealed ?? false} />
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
