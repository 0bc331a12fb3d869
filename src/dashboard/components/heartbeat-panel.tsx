/* The address that a website of the kind push calls: a secret, shown once when it is made. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { makeHeartbeat } from '../api';
import { ErrorNotice } from './notice';

export function HeartbeatPanel({ websiteId }: { websiteId: string }): JSX.Element {
  const [path, setPath] = useState<string | null>(null);
  const [error, setError] = useState<Error | null>(null);

  const make = async (): Promise<void> => {
    try {
      setPath(await makeHeartbeat(websiteId));
      setError(null);
    } catch (caught) {
      setError(caught instanceof Error ? caught : new Error('No address was made.'));
    }
  };

  return (
    <section class="card" aria-labelledby="site-heartbeat">
      <div class="card-head">
        <h2 id="site-heartbeat">The address it calls</h2>
        <button type="button" class="button" onClick={make}>Make a new address</button>
      </div>
      <div class="card-text" aria-live="polite">
        {path === null && (
          <p class="muted">
            It is up while it calls its address at least once per interval. An address is shown
            once, when it is made; a new one ends the former.
          </p>
        )}
        {path !== null && (
          <>
            <p>Call this when it has worked, and with <code>/fail</code> behind it when not:</p>
            <p><code class="secret">{`curl -fsS -X POST ${location.origin}${path}`}</code></p>
          </>
        )}
        {error && <ErrorNotice error={error} />}
      </div>
    </section>
  );
}
