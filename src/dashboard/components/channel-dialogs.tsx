/* What is asked before something is done to a channel, and its secret, shown this once. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Dialog } from './dialog';
import { ErrorNotice } from './notice';

interface AskProps {
  title: string;
  text: string;
  action: string;
  danger?: boolean;
  run: () => Promise<void>;
  onClose: () => void;
}

export function AskDialog({ title, text, action, danger, run, onClose }: AskProps): JSX.Element {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<Error | null>(null);

  const confirm = async (): Promise<void> => {
    setBusy(true);
    try {
      await run();
    } catch (caught) {
      setError(caught instanceof Error ? caught : new Error(String(caught)));
      setBusy(false);
    }
  };

  return (
    <Dialog title={title} onClose={onClose}>
      <p>{text}</p>
      {error && <ErrorNotice error={error} />}
      <div class="form-actions">
        <button type="button" class="button" autoFocus onClick={onClose}>Cancel</button>
        <button
          type="button" class={`button ${danger ? 'button-danger' : 'button-primary'}`}
          disabled={busy} onClick={() => void confirm()}
        >
          {action}
        </button>
      </div>
    </Dialog>
  );
}

/* Pages that are no secure context have no clipboard: then it is marked, to be copied by hand. */
async function copy(text: string, shown: HTMLElement | null): Promise<string> {
  try {
    await navigator.clipboard.writeText(text);
    return 'Copied';
  } catch {
    if (shown)
      getSelection()?.selectAllChildren(shown);
    return 'Marked: copy it by hand';
  }
}

export function SecretDialog(
  { secret, onClose }: { secret: string; onClose: () => void },
): JSX.Element {
  const [said, setSaid] = useState('');
  const [shown, setShown] = useState<HTMLElement | null>(null);

  return (
    <Dialog title="The secret of this webhook" onClose={onClose}>
      <p>Its receiver verifies signatures by it. It is shown this once, and never again.</p>
      <p><code class="secret" ref={setShown}>{secret}</code></p>
      <p class="small muted" role="status">{said}</p>
      <div class="form-actions">
        <button
          type="button" class="button" autoFocus
          onClick={() => void copy(secret, shown).then(setSaid)}
        >
          Copy
        </button>
        <button type="button" class="button button-primary" onClick={onClose}>
          I have kept it
        </button>
      </div>
    </Dialog>
  );
}
