/* What the answer has to be like: the part of a form that goes with the address's kind. */
import type { JSX } from 'preact';
import { useId } from 'preact/hooks';
import { type CheckField, type CheckWishes, goesWith } from '../check';
import type { CheckKind } from '../types';

const METHODS = ['GET', 'HEAD', 'POST', 'OPTIONS'];

const LABELS: Record<CheckField, string> = {
  method: 'Method', status: 'Accepted status', contains: 'The answer contains',
  lacks: 'It does not contain', certificateDays: 'Certificate days left',
};

const HINTS: Partial<Record<CheckField, string>> = {
  status: '200-399', certificateDays: 'not looked at',
};

function Field({ field }: { field: CheckField }): JSX.Element {
  const id = useId();

  return (
    <div>
      <label for={id}>{LABELS[field]}</label>
      {field === 'method'
        ? (
          <select id={id} name={field}>
            {METHODS.map((m) => <option key={m} value={m === 'GET' ? '' : m}>{m}</option>)}
          </select>
        )
        : (
          <input
            id={id} name={field} autoComplete="off" spellcheck={false}
            inputMode={field === 'certificateDays' ? 'numeric' : 'text'}
            placeholder={HINTS[field] ?? ''}
          />
        )}
    </div>
  );
}

export function CheckFields({ kind }: { kind: CheckKind }): JSX.Element {
  const slow = useId();
  const fields = (Object.keys(LABELS) as CheckField[]).filter((f) => goesWith(f, kind));

  return (
    <details class="form-more">
      <summary>What the answer has to be like</summary>
      <div class="form-row">
        {fields.map((field) => <Field key={field} field={field} />)}
        <div>
          <label for={slow}>Degraded when slower than (ms)</label>
          <input id={slow} name="slow" autoComplete="off" inputMode="numeric" placeholder="never" />
        </div>
      </div>
      <label class="form-tick">
        <input type="checkbox" name="invert" /> A failure is what is expected
      </label>
    </details>
  );
}

export function readCheckFields(data: FormData): CheckWishes {
  const text = (key: CheckField): string => String(data.get(key) ?? '').trim();

  return {
    method: text('method'), status: text('status'), contains: text('contains'),
    lacks: text('lacks'), certificateDays: text('certificateDays'),
    invert: data.get('invert') !== null,
  };
}
