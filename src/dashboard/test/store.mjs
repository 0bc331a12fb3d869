import assert from 'node:assert/strict';
import test from 'node:test';
import { SiteStore, withBeat } from '../store';

const beat = (second, status = 'Good', latency = 5) => ({
  createdAt: `2025-01-01T00:00:${String(second).padStart(2, '0')}Z`, status, latency,
});

function site(id, state = 'UP') {
  return {
    id, url: `https://${id}.example.org/`, name: null, state, assurance: 'full',
    since: '2025-01-01T00:00:10Z', uptime24h: 1, lastChecked: beat(10).createdAt, latencyMs: 5,
    beats: [beat(10)],
  };
}

function storeOf(...sites) {
  const store = new SiteStore();
  store.replace(sites);
  return store;
}

test('a late beat takes its place in time', () => {
  const beats = withBeat([beat(1), beat(3)], beat(2));
  assert.deepEqual(beats, [beat(1), beat(2), beat(3)]);
});

test('a known beat changes nothing', () => {
  const beats = [beat(1), beat(2), beat(3)];
  assert.equal(withBeat(beats, beat(2)), beats);
});

test('beats of the same instant are kept apart by what they say', () => {
  assert.equal(withBeat([beat(1)], beat(1, 'Bad', null)).length, 2);
});

test('only the newest beats are kept', () => {
  const full = [beat(1), beat(2)];
  assert.deepEqual(withBeat(full, beat(3), 2), [beat(2), beat(3)]);
  assert.equal(withBeat(full, beat(0), 2), full);
});

test('a verdict changes the counts, an older one does not', () => {
  const store = storeOf(site('a'), site('b'));
  const verdict = { websiteId: 'a', url: '', state: 'DOWN', assurance: 'full' };

  store.apply({ name: 'verdict.changed', data: { ...verdict, since: '2025-01-01T00:00:20Z' } });
  assert.equal(store.counts.value.get('DOWN'), 1);
  assert.equal(store.counts.value.get('UP'), 1);
  store.apply({
    name: 'verdict.changed',
    data: { ...verdict, state: 'UP', since: '2025-01-01T00:00:15Z' },
  });
  assert.equal(store.get('a').value.state, 'DOWN');
});

test('that it flaps is told, and that it does so no longer', () => {
  const store = storeOf(site('a'), site('b'));
  const until = '2025-01-01T00:20:00Z';

  store.apply({ name: 'website.flapping', data: { websiteId: 'a', until } });
  store.apply({ name: 'website.flapping', data: { websiteId: 'unknown', until } });
  assert.equal(store.get('a').value.flappingUntil, until);
  assert.equal(store.get('b').value.flappingUntil ?? null, null);
  store.apply({ name: 'website.flapping', data: { websiteId: 'a', until: null } });
  assert.equal(store.get('a').value.flappingUntil, null);
});

test('a failed tick moves the time but keeps the latency', () => {
  const store = storeOf(site('a'));

  store.apply({ name: 'tick', data: { websiteId: 'a', ...beat(20, 'Bad', null) } });
  assert.equal(store.get('a').value.lastChecked, beat(20).createdAt);
  assert.equal(store.get('a').value.latencyMs, 5);
});

test('a new list keeps the signal of what stays and drops what went', () => {
  const store = storeOf(site('a'), site('b'));
  const signal = store.get('a');

  store.replace([site('a', 'DOWN')]);
  assert.equal(store.get('a'), signal);
  assert.equal(signal.value.state, 'DOWN');
  assert.equal(store.get('b'), undefined);
});
