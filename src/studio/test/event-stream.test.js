import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { setApiKey } from '../../main/resources/web/studio/api.js';
import { streamGenerationEvents } from '../../main/resources/web/studio/client.js';
import { followEvents } from '../../main/resources/web/studio/event-stream.js';
import { eventStream, json, startServer, until } from '../scripted-server.js';

/** @typedef {import('../../main/resources/web/studio/event-stream.js').StreamEvent} StreamEvent */

/** @type {Awaited<ReturnType<typeof startServer>>} */
let server;
const abort = new AbortController();

afterEach(() => {
  server.close();
  setApiKey(undefined);
});

/** @param {Partial<Parameters<typeof followEvents>[0]>} [options] */
function follow(options = {}) {
  /** @type {StreamEvent[]} */
  const events = [];
  const end = followEvents({
    operation: streamGenerationEvents,
    path: { generationId: 'g1' },
    signal: abort.signal,
    onEvent: (event) => events.push(event),
    ...options,
  });
  return { events, end };
}

const CLOSE = 'event: close\ndata: {"reason":"ENDED","retryMs":3000}\n\n';

test('reads events that arrive in pieces', async () => {
  server = await startServer((_, response) => {
    eventStream(response, 'retry: 3000\r\nid: 1\r\ndata:\r\n\r\nid: 2\nevent: gener');
    setTimeout(() => response.end(`ation\ndata: {"version":2,\ndata: "type":"a"}\n\n: comment\n\nevent: generation\ndata: {"version":2}\n\n${CLOSE}`), 20);
  });
  setApiKey('dk_1_2');

  const { events, end } = follow();

  assert.equal((await end).reason, 'ended');
  assert.deepEqual(events, [
    { name: '', id: '1', data: '' },
    { name: 'generation', id: '2', data: { version: 2, type: 'a' } },
    { name: 'generation', id: '2', data: { version: 2 } },
  ]);
  assert.equal(server.received[0]?.headers.authorization, 'Bearer dk_1_2');
  assert.equal(server.received[0]?.headers['last-event-id'], undefined);
});

test('resumes a lost connection after the last event', async () => {
  server = await startServer((_, response, number) => {
    if (number === 1) {
      eventStream(response, 'id: 4\nevent: generation\ndata: {}\n\nid: 5\nevent: generation\ndata: {}');
      setTimeout(() => response.destroy(), 20);
    } else {
      eventStream(response, `id: 5\nevent: generation\ndata: {}\n\n${CLOSE}`);
      response.end();
    }
  });
  /** @type {boolean[]} */
  const connected = [];

  const { events, end } = follow({ lastEventId: '3', onConnected: (now) => connected.push(now) });

  assert.equal((await end).reason, 'ended');
  assert.deepEqual(events.map(({ id }) => id), ['4', '5']);
  assert.deepEqual(server.received.map(({ headers }) => headers['last-event-id']), ['3', '4']);
  assert.deepEqual(connected, [true, false, true, false]);
});

test('resumes a stream that ends without `close`', async () => {
  server = await startServer((_, response, number) => {
    eventStream(response, number === 1 ? 'id: 4\nevent: generation\ndata: {}\n\n' : CLOSE);
    response.end();
  });

  const { end } = follow();

  assert.equal((await end).reason, 'ended');
  assert.equal(server.received[1]?.headers['last-event-id'], '4');
});

test('waits for the time that `close` states', async () => {
  /** @type {number[]} */
  const times = [];
  server = await startServer((_, response, number) => {
    times.push(performance.now());
    eventStream(response, number === 1 ? 'event: close\ndata: {"reason":"SHUTDOWN","retryMs":400}\n\n' : CLOSE);
    response.end();
  });

  await follow().end;

  assert((times[1] ?? 0) - (times[0] ?? 0) >= 390, `${times}`);
});

for (const [title, answer, reason] of /** @type {[string, (response: import('node:http').ServerResponse) => void, string][]} */ ([
  ['204', (response) => response.writeHead(204).end(), 'ended'],
  ['401', (response) => json(response, 401, {}), 'unauthorized'],
  ['404', (response) => json(response, 404, {}), 'notFound'],
  ['429', (response) => json(response, 429, {}, { 'Retry-After': '20' }), 'refused'],
  ['503', (response) => json(response, 503, {}), 'refused'],
  ['a page of a proxy', (response) => response.writeHead(200, { 'Content-Type': 'text/html' }).end('<p>'), 'refused'],
  ['TOO_MANY_STREAMS', closeWith('TOO_MANY_STREAMS'), 'refused'],
  ['AT_CAPACITY', closeWith('AT_CAPACITY'), 'refused'],
  ['UNAUTHORIZED', closeWith('UNAUTHORIZED'), 'unauthorized'],
])) {
  test(`stops after ${title}: ${reason}`, async () => {
    server = await startServer((_, response) => answer(response));

    const end = await follow().end;

    assert.equal(end.reason, reason);
    assert.equal(server.received.length, 1);
    if (title === '429') assert.equal(end.retryMs, 20_000);
  });
}

/** @param {string} reason */
function closeWith(reason) {
  return (/** @type {import('node:http').ServerResponse} */ response) => {
    eventStream(response, `event: close\ndata: {"reason":"${reason}","retryMs":3000}\n\n`);
    response.end();
  };
}

test('closes the connection when its signal is aborted', async () => {
  let closed = false;
  server = await startServer((_, response) => {
    eventStream(response, 'id: 1\nevent: generation\ndata: {}\n\n');
    response.on('close', () => (closed = true));
  });
  const own = new AbortController();

  const { end } = follow({ signal: own.signal, onEvent: () => own.abort() });

  assert.equal((await end).reason, 'aborted');
  await until(() => closed);
});

test('gives up a stream without a first event', async () => {
  server = await startServer((_, response) => eventStream(response));

  assert.equal((await follow().end).reason, 'refused');
});
