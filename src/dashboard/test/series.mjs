import assert from 'node:assert/strict';
import test from 'node:test';
import { phaseColumns, stacked, validatorColumns } from '../charts/series';

const at = (second) => new Date(second * 1_000).toISOString();
const point = (second, value, count = 1) => ({
  at: at(second), count, dns: value, connect: value, tls: null, wait: value, transfer: value,
});

test('a stack adds up, a missing phase counts as nothing', () => {
  const latency = { bucketMs: 1_000, phases: [point(1, 2)], validators: [] };
  const { at: times, values } = phaseColumns(latency);
  assert.deepEqual(times, [1]);
  assert.deepEqual(stacked(values), [[2], [4], [4], [6], [8]]);
});

test('a hole in the buckets breaks the area', () => {
  const latency = { bucketMs: 1_000, phases: [point(1, 2), point(10, 2)], validators: [] };
  const { at: times, values } = phaseColumns(latency);
  assert.deepEqual(times, [1, 2, 10]);
  assert.deepEqual(values[0], [2, null, 2]);
});

test('an empty bucket is a gap, not a zero', () => {
  const { values } = phaseColumns({ bucketMs: 1_000, phases: [point(1, 0, 0)], validators: [] });
  assert.deepEqual(values[0], [null]);
});

test('validators share one time axis; short gaps are bridged, long ones are not', () => {
  const line = (...seconds) => ({
    validatorId: 'v', name: null, region: null,
    points: seconds.map((second) => ({ at: at(second), latency: second })),
  });
  const { at: times, values } = validatorColumns([line(1, 3, 20), line(2, 10)], 1_000);
  assert.deepEqual(times, [1, 2, 3, 10, 20]);
  assert.deepEqual(values[0], [1, 2, 3, null, 20]);
  assert.deepEqual(values[1], [null, 2, null, 10, null]);
});
