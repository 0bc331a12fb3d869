/* Adds a website. What the server objects to is shown in its own words beside the form. */
import type { JSX } from 'preact';
import { useId, useState } from 'preact/hooks';
import { addWebsite, Problem } from '../api';
import { checkOf, kindOf } from '../check';
import { feed } from '../feed';
import { splitList } from '../format';
import type { NewWebsite } from '../types';
import { CheckFields, readCheckFields } from './check-fields';
import { ErrorNotice } from './notice';

const INTERVALS: readonly [string, string][] = [
  ['', 'Default (1 min)'], ['10000', '10 s'], ['30000', '30 s'], ['60000', '1 min'],
  ['300000', '5 min'], ['900000', '15 min'], ['3600000', '1 h'], ['86400000', '24 h'],
];

interface Props {
  onDone: () => void;
  onCancel?: () => void;
}

/* "example.org" means https://example.org; anything else is the server's to judge. */
function withScheme(url: string): string {
  return /^[a-z0-9-]+(\.[a-z0-9-]+)+(:\d+)?([/?#]|$)/i.test(url) ? `https://${url}` : url;
}

function readForm(form: HTMLFormElement): NewWebsite {
  const data = new FormData(form);
  const text = (key: string): string => String(data.get(key) ?? '').trim();
  const website: NewWebsite = { url: withScheme(text('url')) };
  const check = checkOf(website.url, readCheckFields(data));

  if (text('name') !== '')
    website.name = text('name');
  if (text('tags') !== '')
    website.tags = splitList(text('tags'));
  if (text('interval') !== '')
    website.intervalMs = Number(text('interval'));
  if (text('slow') !== '' && kindOf(website.url) !== 'push')
    website.slowMs = Number(text('slow'));
  if (check)
    website.check = check;
  return website;
}

export function SiteForm({ onDone, onCancel }: Props): JSX.Element {
  const id = useId();
  const [busy, setBusy] = useState(false);
  const [kind, setKind] = useState(kindOf(''));
  const [error, setError] = useState<Error | null>(null);

  const submit = async (event: JSX.TargetedSubmitEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const website = readForm(event.currentTarget);

    setBusy(true);
    try {
      await addWebsite(website);
      await feed.reload();
      onDone();
    } catch (caught) {
      setError(caught instanceof Problem ? caught : new Error('The website was not added.'));
      setBusy(false);
    }
  };

  return (
    <form class="form" onSubmit={submit} noValidate>
      <label for={`${id}-url`}>Address</label>
      <input
        id={`${id}-url`} name="url" type="url" inputMode="url" required autoFocus
        autoComplete="off" spellcheck={false} placeholder="https://example.org/"
        aria-invalid={error !== null} aria-describedby={`${id}-schemes ${id}-error`}
        onInput={(event) => setKind(kindOf(event.currentTarget.value.trim()))}
      />
      <p id={`${id}-schemes`} class="small muted">
        Also tcp://host:port, tls://host:port, dns:name?type=MX, icmp://host; push:name for a job
        that calls by itself
      </p>
      <div class="form-row">
        <div>
          <label for={`${id}-name`}>Name <span class="muted">(optional)</span></label>
          <input id={`${id}-name`} name="name" autoComplete="off" />
        </div>
        <div>
          <label for={`${id}-interval`}>Checked every</label>
          <select id={`${id}-interval`} name="interval">
            {INTERVALS.map(([ms, label]) => <option key={label} value={ms}>{label}</option>)}
          </select>
        </div>
      </div>
      <label for={`${id}-tags`}>Tags <span class="muted">(optional)</span></label>
      <input
        id={`${id}-tags`} name="tags" autoComplete="off" spellcheck={false}
        placeholder="prod, team-web"
      />
      {kind !== 'push' && <CheckFields kind={kind} />}
      <div id={`${id}-error`}>{error && <ErrorNotice error={error} />}</div>
      <div class="form-actions">
        {onCancel && <button type="button" class="button" onClick={onCancel}>Cancel</button>}
        <button type="submit" class="button button-primary" disabled={busy}>
          {busy ? 'Adding…' : 'Add website'}
        </button>
      </div>
    </form>
  );
}
