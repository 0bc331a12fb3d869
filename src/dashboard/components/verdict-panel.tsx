/* Why this verdict: the server's sentence, and every seat with its vote; of now, or of then. */
import type { JSX } from 'preact';
import { formatDuration, formatLatency, NOTHING, shortKey } from '../format';
import type { Seat, State, Verdict, Vote } from '../types';
import { countVotes, seatNote, VOTE_LABEL } from '../verdict-text';
import { StateIcon } from './icons';
import { StatePill } from './state-pill';
import { Ago, When } from './time';

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

/* Of now it grows while it is looked at; of then it is what it was. */
function Age({ seat, past }: { seat: Seat; past: boolean }): JSX.Element {
  if (!past || seat.ageMs === null)
    return <Ago at={seat.at} />;
  return <span>{formatDuration(Math.max(0, seat.ageMs))}</span>;
}

function Note({ seat }: { seat: Seat }): JSX.Element {
  const note = seatNote(seat);

  if (note === null)
    return <span class="muted">{NOTHING}</span>;
  if (seat.missing !== 'away' || !seat.awaySince)
    return <>{note}</>;
  return <>{note} since <When at={seat.awaySince} /></>;
}

function SeatRow({ seat, past }: { seat: Seat; past: boolean }): JSX.Element {
  const { validatorId, validatorName } = seat;

  return (
    <tr>
      <td>{seat.seat}</td>
      <td><VoteMark vote={seat.vote} /></td>
      <td title={validatorId ?? ''}>
        {validatorName || (validatorId ? shortKey(validatorId) : <span class="muted">Empty</span>)}
      </td>
      <td>{seat.region || <span class="muted">{NOTHING}</span>}</td>
      <td><Age seat={seat} past={past} /></td>
      <td class="number">{formatLatency(seat.latencyMs)}</td>
      <td class="cell-error" data-missing={seat.missing} title={seat.error ?? ''}>
        <Note seat={seat} />
      </td>
    </tr>
  );
}

function SeatTable({ verdict, past }: { verdict: Verdict; past: boolean }): JSX.Element {
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label="Votes, scrollable">
      <table class="table" aria-label="Votes by seat">
        <thead>
          <tr>
            <th scope="col">Seat</th><th scope="col">Vote</th>
            <th scope="col">Validator</th><th scope="col">Region</th><th scope="col">Age</th>
            <th scope="col" class="number">Latency</th><th scope="col">Seen, or why not</th>
          </tr>
        </thead>
        <tbody>
          {verdict.seats.map((seat) => <SeatRow key={seat.seat} seat={seat} past={past} />)}
        </tbody>
      </table>
    </div>
  );
}

function Then({ verdict, onPresent }: { verdict: Verdict; onPresent: () => void }): JSX.Element {
  return (
    <p class="card-text verdict-then">
      <StatePill state={verdict.state} />
      <span>as it was decided <When at={verdict.since} /></span>
      <button type="button" class="button" onClick={onPresent}>Back to the present</button>
    </p>
  );
}

interface Props {
  verdict: Verdict;
  past: boolean;
  onPresent: () => void;
}

export function VerdictPanel({ verdict, past, onPresent }: Props): JSX.Element {
  const voted = verdict.seats.length > 0;

  return (
    <section class="card" aria-labelledby="why" data-past={past}>
      <div class="card-head">
        <h2 id="why">{past ? 'Why that verdict' : 'Why this verdict'}</h2>
        {voted && <QuorumBar verdict={verdict} />}
      </div>
      {past && <Then verdict={verdict} onPresent={onPresent} />}
      <p class="verdict-sentence">{verdict.why}</p>
      {verdict.n > 0 && (
        <dl class="terms">
          <div><dt>Seats (n)</dt><dd>{verdict.n}</dd></div>
          <div><dt>Quorum (q)</dt><dd>{verdict.q}</dd></div>
          <div><dt>Liars tolerated (f)</dt><dd>{verdict.f}</dd></div>
          <div>
            <dt>First evidence</dt>
            <dd>
              {past ? <When at={verdict.firstEvidenceAt} /> : <Ago at={verdict.firstEvidenceAt} />}
            </dd>
          </div>
          {verdict.rule && <div><dt>Rule</dt><dd>{verdict.rule}</dd></div>}
        </dl>
      )}
      {voted && <SeatTable verdict={verdict} past={past} />}
    </section>
  );
}
