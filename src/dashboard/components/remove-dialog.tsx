/* Asks before a website is removed. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Problem, removeWebsite } from '../api';
import { feed } from '../feed';
import { siteTitle } from '../format';
import { Dialog } from './dialog';
import { ErrorNotice } from './notice';

interface Props {
  site: { id: string; url: string; name?: string | null };
  onClose: () => void;
  onRemoved?: () => void;
}

export function RemoveDialog({ site, onClose, onRemoved }: Props): JSX.Element {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<Error | null>(null);

  const remove = async (): Promise<void> => {
    setBusy(true);
    try {
      await removeWebsite(site.id);
    } catch (caught) {
      const gone = caught instanceof Problem && caught.status === 404;
      if (!gone) {
        setError(caught instanceof Error ? caught : new Error(String(caught)));
        setBusy(false);
        return;
      }
    }
    onClose();
    onRemoved?.();
    feed.sites.remove(site.id);
  };

  return (
    <Dialog title={`Remove ${siteTitle(site)}?`} onClose={onClose}>
      <p>Validators stop checking <span class="url">{site.url}</span>, and it leaves this list.</p>
      {error && <ErrorNotice error={error} />}
      <div class="form-actions">
        <button type="button" class="button" autoFocus onClick={onClose}>Cancel</button>
        <button type="button" class="button button-danger" disabled={busy} onClick={remove}>
          {busy ? 'Removing…' : 'Remove website'}
        </button>
      </div>
    </Dialog>
  );
}
