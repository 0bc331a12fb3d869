/* Why this verdict: the rule in a sentence, and every seat with its vote. */
import type { JSX } from 'preact';
import { errorSentence } from '../error-text';
import { formatLatency, NOTHING, shortKey } from '../format';
import type { Seat, State, Verdict, Vote } from '../types';
import { countVotes, VOTE_LABEL, verdictSentence } from '../verdict-text';
import { StateIcon } from './icons';
import { Ago } from './time';

const VOTE_STATE: Record<Vote, State> = {
  up: 'UP', down: 'DOWN', abstain: 'PAUSED', missing: 'UNKNOWN',
};
const VOTES: readonly Vote[] = ['up', 'down', 'abstain', 'missing'];

function VoteMark({ vote }: { vote: Vote }): JSX.Element {
  return (
    <span class="pill pill-vote" data-state={VOTE_STATE[vote] ?? 'UNKNOWN'} data-vote={vote}>
      <StateIcon state={VOTE_STATE[vote] ?? 'UNKNOWN'} />{VOTE_LABEL[vote] ?? vote}
    </span>
  );
}

/* The votes as a row of blocks with the quorum marked: how close it was. */
function QuorumBar({ verdict }: { verdict: Verdict }): JSX.Element {
  const counts = countVotes(verdict.seats);
  const blocks = VOTES.flatMap((vote) => Array<Vote>(counts[vote]).fill(vote));
  const text = VOTES.filter((vote) => counts[vote] > 0)
    .map((vote) => `${counts[vote]} ${VOTE_LABEL[vote].toLowerCase()}`).join(', ');

  return (
    <div class="quorum" role="img" aria-label={`${text}; quorum ${verdict.q} of ${verdict.n}`}>
      {blocks.map((vote, i) => (
        <span key={i} class="quorum-block" data-state={VOTE_STATE[vote]}>
          <StateIcon state={VOTE_STATE[vote]} />
        </span>
      ))}
    </div>
  );
}

function SeatRow({ seat }: { seat: Seat }): JSX.Element {
  const { validatorId, validatorName } = seat;

  return (
    <tr>
      <td>{seat.seat}</td>
      <td><VoteMark vote={seat.vote} /></td>
      <td title={validatorId ?? ''}>
        {validatorName || (validatorId ? shortKey(validatorId) : <span class="muted">Empty</span>)}
      </td>
      <td>{seat.region || <span class="muted">{NOTHING}</span>}</td>
      <td><Ago at={seat.at} /></td>
      <td class="number">{formatLatency(seat.latencyMs)}</td>
      <td class="cell-error" title={seat.error ?? ''}>
        {seat.error ? errorSentence(seat.error) : <span class="muted">{NOTHING}</span>}
      </td>
    </tr>
  );
}

export function VerdictPanel({ verdict }: { verdict: Verdict }): JSX.Element {
  return (
    <section class="card" aria-labelledby="why">
      <div class="card-head">
        <h2 id="why">Why this verdict</h2>
        <QuorumBar verdict={verdict} />
      </div>
      <p class="verdict-sentence">{verdictSentence(verdict)}</p>
      <dl class="terms">
        <div><dt>Seats (n)</dt><dd>{verdict.n}</dd></div>
        <div><dt>Quorum (q)</dt><dd>{verdict.q}</dd></div>
        <div><dt>Liars tolerated (f)</dt><dd>{verdict.f}</dd></div>
        <div><dt>First evidence</dt><dd><Ago at={verdict.firstEvidenceAt} /></dd></div>
        {verdict.rule && <div><dt>Rule</dt><dd>{verdict.rule}</dd></div>}
      </dl>
      <div class="scroll" tabIndex={0} role="group" aria-label="Votes, scrollable">
        <table class="table" aria-label="Votes by seat">
          <thead>
            <tr>
              <th scope="col">Seat</th><th scope="col">Vote</th>
              <th scope="col">Validator</th><th scope="col">Region</th><th scope="col">Age</th>
              <th scope="col" class="number">Latency</th><th scope="col">Error</th>
            </tr>
          </thead>
          <tbody>{verdict.seats.map((seat) => <SeatRow key={seat.seat} seat={seat} />)}</tbody>
        </table>
      </div>
    </section>
  );
}
