/* Changes what is set for a website. Only what was changed in the form is sent. */
import type { JSX } from 'preact';
import { useId, useState } from 'preact/hooks';
import { changeWebsite, Problem } from '../api';
import { kindOf } from '../check';
import { feed } from '../feed';
import { siteTitle, splitList } from '../format';
import type { WebsiteEdit, WebsiteStatus } from '../types';
import { Dialog } from './dialog';
import { ErrorNotice } from './notice';

interface Props {
  site: WebsiteStatus;
  onClose: () => void;
  onChanged: () => void;
}

type Key = 'name' | 'tags' | 'rules' | 'parentId'
  | 'intervalMs' | 'timeoutMs' | 'slowMs' | 'seats' | 'confirmDown' | 'confirmUp';

interface Field {
  key: Key;
  label: string;
  unit?: number; /* of what the form shows, in that of the setting: it is a number */
}

const SECOND = 1000;
const FIELDS: readonly Field[] = [
  { key: 'name', label: 'Name' },
  { key: 'tags', label: 'Tags' },
  { key: 'intervalMs', label: 'Checked every (seconds)', unit: SECOND },
  { key: 'timeoutMs', label: 'Timeout (seconds)', unit: SECOND },
  { key: 'slowMs', label: 'Slow from (ms)', unit: 1 },
  { key: 'seats', label: 'Validators', unit: 1 },
  { key: 'confirmDown', label: 'Judgements that open an incident', unit: 1 },
  { key: 'confirmUp', label: 'Judgements that close it', unit: 1 },
  { key: 'rules', label: 'Who may check it (rules)' },
];
const PUSHED: readonly Key[] = ['name', 'tags', 'intervalMs', 'timeoutMs'];

function shown(site: WebsiteStatus, { key, unit }: Field): string {
  if (key === 'name' || key === 'parentId')
    return site[key] ?? '';
  if (key === 'tags')
    return (site.tags ?? []).join(', ');

  const value = site.settings[key];
  return typeof value === 'number' && unit ? String(value / unit) : String(value ?? '');
}

function typed(text: string, { key, unit }: Field): string | number | string[] | null {
  if (key === 'tags')
    return splitList(text);
  if (text === '')
    return null;
  return unit ? Number(text) * unit : text;
}

/* An emptied field is the default. */
function changed(site: WebsiteStatus, fields: readonly Field[], data: FormData): WebsiteEdit {
  const edit: Record<string, string | number | string[] | null> = {};

  for (const field of fields) {
    const text = String(data.get(field.key) ?? '').trim();

    if (text !== shown(site, field))
      edit[field.key] = typed(text, field);
  }
  return edit;
}

function ParentField({ site, id }: { site: WebsiteStatus; id: string }): JSX.Element {
  const others = feed.sites.all().filter((other) => other.id !== site.id);

  return (
    <div>
      <label for={id}>Depends on</label>
      <select id={id} name="parentId">
        <option value="">nothing</option>
        {others.map((other) => (
          <option key={other.id} value={other.id} selected={other.id === site.parentId}>
            {siteTitle(other)}
          </option>
        ))}
      </select>
    </div>
  );
}

export function EditDialog({ site, onClose, onChanged }: Props): JSX.Element {
  const id = useId();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<Error | null>(null);
  const push = kindOf(site.url) === 'push';
  const fields = FIELDS.filter(({ key }) => !push || PUSHED.includes(key));

  const submit = async (event: JSX.TargetedSubmitEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const all: readonly Field[] = [...fields, { key: 'parentId', label: '' }];
    const edit = changed(site, all, new FormData(event.currentTarget));

    setBusy(true);
    try {
      await changeWebsite(site.id, edit);
      await feed.reload();
      onChanged();
      onClose();
    } catch (caught) {
      setError(caught instanceof Problem ? caught : new Error('Nothing was changed.'));
      setBusy(false);
    }
  };

  return (
    <Dialog title={`Change ${siteTitle(site)}`} onClose={onClose}>
      <form class="form" onSubmit={submit} noValidate>
        <div class="form-row">
          {fields.map((field) => (
            <div key={field.key}>
              <label for={`${id}-${field.key}`}>{field.label}</label>
              <input
                id={`${id}-${field.key}`} name={field.key} autoComplete="off"
                inputMode={field.unit ? 'decimal' : 'text'} defaultValue={shown(site, field)}
              />
            </div>
          ))}
          <ParentField site={site} id={`${id}-parent`} />
        </div>
        {error && <ErrorNotice error={error} />}
        <div class="form-actions">
          <button type="button" class="button" onClick={onClose}>Cancel</button>
          <button type="submit" class="button button-primary" disabled={busy}>
            {busy ? 'Saving…' : 'Save'}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
