import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { LiveGeneration } from '../../main/resources/web/studio/live-generation.js';
import { eventStream, json, startServer, until } from '../scripted-server.js';

/** @type {Awaited<ReturnType<typeof startServer>>} */
let server;
/** @type {() => void} */
let hide = () => {};

afterEach(() => {
  hide();
  server.close();
});

/** @param {Record<string, unknown>} [changes] */
const generation = (changes) => ({ id: 'g1', status: 'PENDING', prompt: 'A boat', attempts: [], ...changes });

/** @param {LiveGeneration} live */
const shown = (live) => ({ state: live.state.peek(), status: live.generation.peek()?.status });

const streams = () => server.received.filter(({ path }) => path.endsWith('/events'));

test('follows the events until the end, and reads the generation for the values that they lack', async () => {
  let state = generation();
  /** @type {import('node:http').ServerResponse | undefined} */
  let stream;
  server = await startServer(({ path }, response) => {
    if (path.endsWith('/events')) {
      stream = response;
      eventStream(response, 'id: 1\nevent: generation\ndata: {"version":1,"type":"generation.state","status":"PENDING"}\n\n');
    } else {
      json(response, 200, state);
    }
  });
  const live = new LiveGeneration('g1');
  hide = live.show();
  await until(() => live.state.peek() === 'live');

  state = generation({ attempts: [{ number: 1, outcome: 'RUNNING' }] });
  stream?.write('id: 2\nevent: generation\ndata: {"version":2,"type":"attempt.started","attempt":{"number":1}}\n\n');
  await until(() => live.generation.peek()?.attempts.length === 1);
  stream?.write('event: generation\ndata: {"version":2,"type":"attempt.progress","attempt":{"number":1,"percent":40}}\n\n');
  await until(() => live.generation.peek()?.attempts[0]?.progress?.percent === 40);
  state = generation({ status: 'COMPLETE', imageUrls: ['http://localhost/1.png'] });
  stream?.end('id: 3\nevent: generation\ndata: {"version":3,"type":"generation.ended"}\n\nevent: close\ndata: {"reason":"ENDED","retryMs":3000}\n\n');

  await until(() => live.state.peek() === 'ended');
  assert.deepEqual(live.generation.peek()?.imageUrls, ['http://localhost/1.png']);
  assert.equal(streams().length, 1);
});

test('reads a generation that has ended once', async () => {
  server = await startServer((_, response) => json(response, 200, generation({ status: 'FAILED' })));
  const live = new LiveGeneration('g1');

  hide = live.show();

  await until(() => live.state.peek() === 'ended');
  assert.equal(server.received.length, 1);
});

test('needs no request for a generation that is known to have ended', async () => {
  server = await startServer((_, response) => json(response, 500, {}));
  const live = new LiveGeneration('g1', /** @type {any} */ (generation({ status: 'COMPLETE' })));

  hide = live.show();

  assert.deepEqual(shown(live), { state: 'ended', status: 'COMPLETE' });
  assert.equal(server.received.length, 0);
});

test('fails for a generation that does not exist', async () => {
  server = await startServer((_, response) => json(response, 404, { title: 'Not found' }));
  const live = new LiveGeneration('g1');

  hide = live.show();

  await until(() => live.state.peek() === 'failed');
  assert.equal(/** @type {any} */ (live.error.peek()).status, 404);
});

test('keeps the end when an earlier response arrives later', async () => {
  server = await startServer((_, response) => json(response, 500, {}));
  const live = new LiveGeneration('g1', /** @type {any} */ (generation()));

  live.update(/** @type {any} */ (generation({ status: 'FAILED' })));
  live.update(/** @type {any} */ (generation()));

  assert.deepEqual(shown(live), { state: 'ended', status: 'FAILED' });
});

test('closes its stream when it is no longer shown', async () => {
  let open = 0;
  server = await startServer(({ path }, response) => {
    if (!path.endsWith('/events')) return json(response, 200, generation());
    open++;
    response.on('close', () => open--);
    return eventStream(response, 'id: 1\ndata:\n\n');
  });
  const live = new LiveGeneration('g1');
  const first = live.show();
  const second = live.show();
  await until(() => open === 1);

  first();
  assert.equal(live.users, 1);
  second();

  await until(() => open === 0);
});

test('polls a second generation while the first has the stream', async () => {
  let ended = false;
  server = await startServer(({ path }, response) => {
    if (path.endsWith('/events')) eventStream(response, 'id: 1\ndata:\n\n');
    else json(response, 200, generation({ id: path.split('/').at(-1), status: ended ? 'COMPLETE' : 'PENDING' }), { 'Retry-After': '1' });
  });
  const first = new LiveGeneration('g1');
  const second = new LiveGeneration('g2');
  const hideFirst = first.show();
  await until(() => first.state.peek() === 'live');
  const hideSecond = second.show();
  hide = () => [hideFirst, hideSecond].forEach((each) => each());
  await until(() => second.state.peek() === 'polling');

  ended = true;

  await until(() => second.state.peek() === 'ended');
  assert.equal(streams().length, 1);
});

// Last, since the page opens no stream for a while then.
test('polls at the interval of the service while streams are refused', async () => {
  let reads = 0;
  server = await startServer(({ path }, response) => {
    if (path.endsWith('/events')) json(response, 429, {}, { 'Retry-After': '60' });
    else json(response, 200, generation({ status: ++reads < 3 ? 'PENDING' : 'COMPLETE' }), { 'Retry-After': '1' });
  });
  const live = new LiveGeneration('g1');

  hide = live.show();

  await until(() => live.state.peek() === 'ended');
  assert.equal(reads, 3);
  assert.equal(streams().length, 1);
});
