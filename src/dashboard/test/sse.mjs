import assert from 'node:assert/strict';
import test from 'node:test';
import { SseParser } from '../sse';

const STREAM = ': hello\n\nid: 7\nevent: tick\ndata: {"a":1}\n\nevent: reset\ndata:\n\n'
  + 'id: 8\r\nevent: tick\r\ndata: one\r\ndata: two\r\n\r\n';

function parse(pieces) {
  const events = [];
  const parser = new SseParser((event) => events.push(event));

  pieces.forEach((piece) => parser.push(piece));
  return events;
}

const EXPECTED = [
  { id: '7', event: 'tick', data: '{"a":1}' },
  { id: '7', event: 'reset', data: '' },
  { id: '8', event: 'tick', data: 'one\ntwo' },
];

test('a stream becomes events, comments do not', () => {
  assert.deepEqual(parse([STREAM]), EXPECTED);
});

test('pieces may end anywhere, within a CRLF too', () => {
  for (let at = 1; at < STREAM.length; at++)
    assert.deepEqual(parse([STREAM.slice(0, at), STREAM.slice(at)]), EXPECTED, `cut at ${at}`);
  assert.deepEqual(parse([...STREAM]), EXPECTED);
});

test('an endless line is refused', () => {
  assert.throws(() => parse(['data: ', 'x'.repeat(2_000_000)]));
});
