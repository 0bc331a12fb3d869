/* The verdicts so far, newest first; the reasons of the one that is chosen are shown above. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import * as api from '../api';
import { formatDateTime } from '../format';
import { useInterval, useLive, useResource, useThrottled } from '../resource';
import { stateInfo } from '../states';
import type { Verdict } from '../types';
import { ErrorNotice } from './notice';
import { StatePill } from './state-pill';
import { Lasting } from './time';
import { VerdictPanel } from './verdict-panel';

const VERDICT_MS = 1_000;
const VERDICT_REFRESH_MS = 10_000;

function usePresent(id: string) {
  const resource = useResource(id, () => api.verdict(id));
  const soon = useThrottled(resource.reload, VERDICT_MS);

  useInterval(resource.reload, VERDICT_REFRESH_MS);
  useLive((event) => {
    if ((event.name === 'tick' || event.name === 'verdict.changed') && event.data.websiteId === id)
      soon();
  });
  return resource;
}

/* The first page is read again with every new verdict, and what was read beyond it is forgotten. */
function usePast(id: string) {
  const first = useResource(id, () => api.verdicts(id, null));
  const [older, setOlder] = useState<api.VerdictPage | null>(null);
  const [error, setError] = useState<Error | null>(null);
  const soon = useThrottled(first.reload, VERDICT_MS);
  const cursor = (older ?? first.data)?.nextCursor ?? null;

  useEffect(() => setOlder(null), [first.data]);
  useLive((event) => {
    if (event.name === 'verdict.changed' && event.data.websiteId === id)
      soon();
  });
  const more = async (): Promise<void> => {
    try {
      const page = await api.verdicts(id, cursor);
      setOlder((old) => ({ ...page, verdicts: [...(old?.verdicts ?? []), ...page.verdicts] }));
      setError(null);
    } catch (failure) {
      setError(failure instanceof Error ? failure : new Error(String(failure)));
    }
  };
  return {
    verdicts: [...(first.data?.verdicts ?? []), ...(older?.verdicts ?? [])],
    error: first.error ?? error, reload: first.reload, more: cursor ? more : null,
  };
}

interface RowProps {
  verdict: Verdict;
  chosen: boolean;
  onChoose: () => void;
}

function Row({ verdict, chosen, onChoose }: RowProps): JSX.Element {
  const since = verdict.since ?? '';

  return (
    <tr data-state={verdict.state}>
      <td><StatePill state={verdict.state} /></td>
      <td>
        <button
          type="button" class="button" aria-pressed={chosen} onClick={onChoose}
          aria-label={`Why ${stateInfo(verdict.state).label} since ${formatDateTime(since)}`}
        >
          <time dateTime={since}>{formatDateTime(since)}</time>
        </button>
      </td>
      <td><Lasting from={since} to={verdict.until} /></td>
      <td class="cell-why">{verdict.why}</td>
    </tr>
  );
}

interface TableProps {
  past: ReturnType<typeof usePast>;
  chosen: Verdict | null;
  onChoose: (verdict: Verdict) => void;
}

function HistoryTable({ past, chosen, onChoose }: TableProps): JSX.Element {
  return (
    <section class="card" aria-labelledby="verdicts">
      <div class="card-head"><h2 id="verdicts">Verdicts so far</h2></div>
      {past.error && <ErrorNotice error={past.error} retry={past.reload} />}
      <div class="scroll" tabIndex={0} role="group" aria-label="Verdicts, scrollable">
        <table class="table" aria-label="Verdicts so far">
          <thead>
            <tr>
              <th scope="col">State</th><th scope="col">Since</th><th scope="col">Duration</th>
              <th scope="col">Why</th>
            </tr>
          </thead>
          <tbody>
            {past.verdicts.map((verdict) => (
              <Row
                key={`${verdict.since} ${verdict.state}`} verdict={verdict}
                chosen={chosen?.since === verdict.since && chosen.state === verdict.state}
                onChoose={() => onChoose(verdict)}
              />
            ))}
          </tbody>
        </table>
      </div>
      {past.more && (
        <p class="card-text">
          <button type="button" class="button" onClick={() => void past.more?.()}>Earlier</button>
        </p>
      )}
    </section>
  );
}

/* Both panels of one website. */
export function VerdictHistory({ websiteId }: { websiteId: string }): JSX.Element {
  const present = usePresent(websiteId);
  const past = usePast(websiteId);
  const [chosen, setChosen] = useState<Verdict | null>(null);
  const shown = chosen ?? present.data;

  useEffect(() => setChosen(null), [websiteId]);
  return (
    <>
      {present.error && <ErrorNotice error={present.error} retry={present.reload} />}
      {shown && (
        <VerdictPanel
          verdict={shown} past={chosen !== null} onPresent={() => setChosen(null)}
        />
      )}
      {past.verdicts.length > 0 && (
        <HistoryTable past={past} chosen={chosen} onChoose={setChosen} />
      )}
    </>
  );
}
