import assert from 'node:assert/strict';
import test from 'node:test';
import { errorSentence } from '../error-text';
import { formatAgo, formatDuration, formatSol, formatUptime, siteTitle } from '../format';
import { actorName, eventLabel, eventText, incidentTitle } from '../incident-text';
import { parseRoute } from '../route';
import { countVotes, seatNote } from '../verdict-text';

test('an imperfect uptime is never shown as perfect', () => {
  assert.equal(formatUptime(1), '100 %');
  assert.equal(formatUptime(0.9999999), '99.999 %');
  assert.equal(formatUptime(0.5), '50.00 %');
  assert.equal(formatUptime(0), '0.00 %');
  assert.equal(formatUptime(null), '–');
});

test('money keeps every digit', () => {
  assert.equal(formatSol(1), '0.000000001 SOL');
  assert.equal(formatSol(1_500_000_000), '1.5 SOL');
  assert.equal(formatSol(20_000_000_000), '20 SOL');
  assert.equal(formatSol(0), '0 SOL');
});

test('durations name their two largest units', () => {
  assert.equal(formatDuration(0), '0 s');
  assert.equal(formatDuration(61_000), '1 min 1 s');
  assert.equal(formatDuration(3_600_000), '1 h');
  assert.equal(formatDuration(90_061_000), '1 d 1 h');
});

test('a time ahead of the clock is just now', () => {
  const now = Date.parse('2025-01-01T00:00:00Z');
  assert.equal(formatAgo('2025-01-01T00:00:05Z', now), 'just now');
  assert.equal(formatAgo('2024-12-31T23:58:00Z', now), '2 min ago');
  assert.equal(formatAgo(null, now), '–');
});

test('a website is called by its name, else its address', () => {
  assert.equal(siteTitle({ url: 'https://example.org/', name: 'Shop' }), 'Shop');
  assert.equal(siteTitle({ url: 'https://example.org/a/', name: null }), 'example.org/a');
});

test('addresses name views, others name none', () => {
  assert.deepEqual(parseRoute(''), { view: 'overview' });
  assert.deepEqual(parseRoute('#/website/a%20b'), { view: 'website', id: 'a b' });
  assert.deepEqual(parseRoute('#/incident/a%20b'), { view: 'incident', id: 'a b' });
  assert.deepEqual(parseRoute('#/incident'), { view: 'nowhere' });
  assert.deepEqual(parseRoute('#/validators'), { view: 'validators' });
  assert.deepEqual(parseRoute('#/validators/x'), { view: 'nowhere' });
  assert.deepEqual(parseRoute('#/website'), { view: 'nowhere' });
  assert.deepEqual(parseRoute('#/website/%E0%A4%A'), { view: 'nowhere' });
});

test('a seat says why it gives no vote, or what it saw', () => {
  assert.equal(seatNote({ missing: null, error: null }), null);
  assert.equal(seatNote({ missing: null, error: 'some_new_class' }), 'some new class');
  assert.equal(seatNote({ missing: 'away', error: null }), 'Away');
  assert.equal(seatNote({ missing: 'silent', error: 'refused' }), 'Silent');
  assert.equal(seatNote({ missing: 'empty', error: null }), 'Nobody sits here');
  assert.equal(seatNote({ missing: 'abstained', error: null }), 'Abstains');
  assert.equal(seatNote({ missing: 'abstained', error: 'some_new_class' }), 'Abstains: some new class');
  assert.equal(seatNote({ missing: 'a_new_reason', error: null }), 'a_new_reason');
});

test('votes are counted by kind', () => {
  assert.deepEqual(countVotes([{ vote: 'up' }, { vote: 'up' }, { vote: 'missing' }]),
    { up: 2, down: 0, abstain: 0, missing: 1 });
});

test('an error class is told in a sentence, an unknown one by its name', () => {
  assert.equal(errorSentence('tls_expired'), 'The certificate has expired or is not valid yet');
  assert.equal(errorSentence('some_new_class'), 'some new class');
});

test('an incident is called by its sentence, else by its cause', () => {
  assert.equal(incidentTitle({ kind: 'manual', cause: 'reported', summary: 'Slow' }), 'Slow');
  assert.equal(incidentTitle({ kind: 'down', cause: 'tls_expired', summary: '' }), 'Tls expired');
  assert.equal(incidentTitle({ kind: 'down', cause: null }), 'Down');
});

test('entries of a timeline say what happened, and who did it', () => {
  const event = (kind, actor, detail = {}) => ({ at: '', kind, actor, detail });

  assert.equal(eventLabel(event('opened', null)), 'Opened');
  assert.equal(eventLabel(event('opened', 'uid 0')), 'Reported');
  assert.equal(eventLabel(event('closed', 'uid 0')), 'Resolved');
  assert.equal(eventLabel(event('assigned', 'uid 0', { assignee: 'a@b.c' })), 'Assigned to a@b.c');
  assert.equal(eventLabel(event('assigned', 'uid 0', { assignee: null })), 'Assigned to nobody');
  assert.equal(eventLabel(event('some_new_kind', null)), 'Some new kind');
  assert.equal(eventText(event('noted', 'uid 0', { text: 'Hm' })), 'Hm');
  assert.equal(eventText(event('opened', null, { down: 3 })), null);
  assert.equal(actorName(null), 'dpin');
});
