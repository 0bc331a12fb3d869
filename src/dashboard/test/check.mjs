import assert from 'node:assert/strict';
import test from 'node:test';
import { checkOf, checkSentences, kindOf } from '../check';

test('the kind is told by the scheme', () => {
  assert.equal(kindOf('https://a/'), 'http');
  assert.equal(kindOf('a.example'), 'http');
  assert.equal(kindOf('TCP://a:1'), 'tcp');
  assert.equal(kindOf('tls://a:1'), 'tls');
  assert.equal(kindOf('dns:a'), 'dns');
  assert.equal(kindOf('icmp://a'), 'icmp');
  assert.equal(kindOf('push:a'), 'push');
});

test('who asks for nothing sends no check', () => {
  assert.equal(checkOf('https://a/', {}), undefined);
  assert.equal(checkOf('https://a/', { status: '', contains: '', invert: false }), undefined);
});

test('only what goes with the kind is sent', () => {
  const wishes = { method: 'POST', status: '201', contains: 'ok', lacks: 'bad', certificateDays: '14' };

  assert.deepEqual(checkOf('https://a/', wishes), {
    method: 'POST', status: '201', certificateDays: 14,
    assertions: [{ source: 'body', operator: 'contains', value: 'ok' },
      { source: 'body', operator: 'not_contains', value: 'bad' }],
  });
  assert.deepEqual(checkOf('tcp://a:1', wishes), { expect: 'ok' });
  assert.deepEqual(checkOf('tls://a:1', wishes), { certificateDays: 14 });
  assert.deepEqual(checkOf('dns:a', wishes),
    { assertions: [{ source: 'answer', operator: 'contains', value: 'ok' }] });
  assert.deepEqual(checkOf('icmp://a', { ...wishes, invert: true }), { invert: true });
});

test('a check is told in sentences', () => {
  assert.deepEqual(checkSentences({ method: 'GET', status: '200', redirects: 0 }),
    ['The status is one of 200.', 'Redirects are not followed.']);
  assert.deepEqual(checkSentences({
    assertions: [{ source: 'json', property: '$.a', operator: 'less_than', value: '5' },
      { source: 'header', property: 'etag', operator: 'exists' }],
  }), ['The value at $.a is less than “5”.', 'The header etag is there.']);
  assert.deepEqual(checkSentences({ type: 'tcp', url: 'tcp://a:1' }), []);
});
