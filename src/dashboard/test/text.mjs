import assert from 'node:assert/strict';
import test from 'node:test';
import { errorSentence } from '../error-text';
import { formatAgo, formatDuration, formatSol, formatUptime, siteTitle } from '../format';
import { parseRoute } from '../route';
import { verdictSentence } from '../verdict-text';

function verdict(state, votes, f = 1, q = 3) {
  return {
    state, assurance: 'full', since: null, firstEvidenceAt: null, n: votes.length, f, q, rule: null,
    seats: votes.map((vote, seat) => ({ seat, vote })),
  };
}

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
  assert.deepEqual(parseRoute('#/validators'), { view: 'validators' });
  assert.deepEqual(parseRoute('#/validators/x'), { view: 'nowhere' });
  assert.deepEqual(parseRoute('#/website'), { view: 'nowhere' });
  assert.deepEqual(parseRoute('#/website/%E0%A4%A'), { view: 'nowhere' });
});

test('the sentence gives the votes and the rule', () => {
  assert.match(verdictSentence(verdict('DOWN', ['down', 'down', 'down', 'up'])),
    /^Of 4 seats, 1 says up and 3 say down\. 3 equal votes decide, so it is down/);
  assert.match(verdictSentence(verdict('UP', ['up', 'up', 'up', 'missing'])),
    /3 say up and 0 say down, 1 gives no vote\. .*so it is up/);
  assert.match(verdictSentence(verdict('PARTIAL', ['up', 'up', 'down', 'down'])), /Too many/);
  assert.match(verdictSentence(verdict('UNKNOWN', ['missing', 'missing', 'up', 'up'])),
    /3 equal votes are needed/);
});

test('votes that no longer make the verdict are not passed off as its reason', () => {
  assert.match(verdictSentence(verdict('UP', ['up', 'up', 'down', 'down'])), /have changed since/);
});

test('without tolerance none is claimed', () => {
  assert.match(verdictSentence(verdict('DOWN', ['down'], 0, 1)), /no false vote can be outvoted/);
});

test('an error class is told in a sentence, an unknown one by its name', () => {
  assert.equal(errorSentence('tls_expired'), 'The certificate has expired or is not valid yet');
  assert.equal(errorSentence('some_new_class'), 'some new class');
});
