/* A verdict as a sentence: who voted how, and why that is enough. Pure. */
import { plural } from './format';
import { stateInfo } from './states';
import type { Seat, State, Verdict, Vote } from './types';

export const VOTE_LABEL: Record<Vote, string> = {
  up: 'Up', down: 'Down', abstain: 'Abstains', missing: 'Missing',
};

export function countVotes(seats: readonly Seat[]): Record<Vote, number> {
  const counts: Record<Vote, number> = { up: 0, down: 0, abstain: 0, missing: 0 };

  for (const { vote } of seats)
    counts[vote] = (counts[vote] ?? 0) + 1;
  return counts;
}

/* The rule of the hub: which state these votes make. */
function judge({ up, down }: Record<Vote, number>, f: number, q: number): State {
  if (down >= q)
    return 'DOWN';
  if (up >= q && down <= f)
    return 'UP';
  return down > f ? 'PARTIAL' : 'UNKNOWN';
}

function tolerance(f: number): string {
  if (f === 0)
    return 'With so few seats no false vote can be outvoted.';
  return `Even if ${f === 1 ? 'one' : f} of them lied or vanished, `
    + 'an outage could neither be faked nor hidden.';
}

function reason({ state, f, q }: Verdict): string {
  switch (state) {
    case 'DOWN':
      return `${q} equal votes decide, so it is down. ${tolerance(f)}`;
    case 'UP':
    case 'DEGRADED':
      return `${q} equal votes decide and at most ${f} may differ, so it is `
        + `${stateInfo(state).label.toLowerCase()}. ${tolerance(f)}`;
    case 'PARTIAL':
      return `Too many say down to call it up, and ${q} are needed to call it down.`;
    default:
      return `${q} equal votes are needed to decide.`;
  }
}

export function verdictSentence(verdict: Verdict): string {
  const { n, f, q, state, seats } = verdict;
  const votes = countVotes(seats);
  const silent = votes.abstain + votes.missing;
  const quiet = silent > 0 ? `, ${silent} ${silent === 1 ? 'gives' : 'give'} no vote` : '';
  const said = `Of ${plural(n, 'seat')}, ${votes.up} ${votes.up === 1 ? 'says' : 'say'} up and `
    + `${votes.down} ${votes.down === 1 ? 'says' : 'say'} down${quiet}.`;

  if (state === 'MAINTENANCE' || state === 'PAUSED')
    return `${stateInfo(state).meaning} Votes do not decide now.`;
  if (judge(votes, f, q) !== (state === 'DEGRADED' ? 'UP' : state))
    return `${said} The votes have changed since the verdict, `
      + 'which stands until the others are heard.';
  return `${said} ${reason(verdict)}`;
}
