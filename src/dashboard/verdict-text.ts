/* Votes in words. Why a verdict is what it is the server says itself. Pure. */
import { errorSentence } from './error-text';
import type { Missing, Seat, Vote } from './types';

export const VOTE_LABEL: Record<Vote, string> = {
  up: 'Up', down: 'Down', abstain: 'Abstains', missing: 'Missing',
};

const MISSING_LABEL: Record<Missing, string> = {
  away: 'Away', silent: 'Silent', abstained: 'Abstains', empty: 'Nobody sits here',
};

export function countVotes(seats: readonly Seat[]): Record<Vote, number> {
  const counts: Record<Vote, number> = { up: 0, down: 0, abstain: 0, missing: 0 };

  for (const { vote } of seats)
    counts[vote] = (counts[vote] ?? 0) + 1;
  return counts;
}

/* What is to be said of a seat beside its vote: why it has none, what it saw; or null. */
export function seatNote({ missing, error }: Pick<Seat, 'missing' | 'error'>): string | null {
  const reason = missing ? MISSING_LABEL[missing] ?? missing : null;
  const seen = error ? errorSentence(error) : null;

  if (missing === 'abstained' && reason && seen)
    return `${reason}: ${seen}`;
  return reason ?? seen;
}
