import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { call, ConnectionError, errorText, onUnauthorized, ProblemError, setApiKey, submit } from '../../main/resources/web/studio/api.js';
import { createGeneration, getCurrentUser, getGeneration } from '../../main/resources/web/studio/client.js';
import { serverNow } from '../../main/resources/web/studio/clock.js';
import { connection, reportReachable } from '../../main/resources/web/studio/connection.js';
import { json, startServer } from '../scripted-server.js';

/** @type {Awaited<ReturnType<typeof startServer>>} */
let server;

afterEach(() => {
  server.close();
  setApiKey(undefined);
  onUnauthorized(() => {});
  reportReachable();
});

test('sends the key in a header and returns the data', async () => {
  server = await startServer((_, response) => json(response, 200, { name: 'ann', admin: false }));
  setApiKey('dk_1_2');

  assert.deepEqual(await call(getCurrentUser), { name: 'ann', admin: false });

  assert.equal(server.received[0]?.headers.authorization, 'Bearer dk_1_2');
  assert.equal(server.received[0]?.path, '/api/user');
});

test('learns the clock of the server from each response', async () => {
  const date = new Date(Date.now() - 5 * 3_600_000);
  server = await startServer((_, response) => {
    response.setHeader('Date', date.toUTCString());
    json(response, 200, { name: 'ann', admin: false });
  });

  await call(getCurrentUser);

  const difference = serverNow() - Date.now();
  assert.ok(difference < -4 * 3_600_000 && difference > -6 * 3_600_000, String(difference));
});

test('repeats a submission with the same key after a lost response', async () => {
  server = await startServer(({ path }, response, number) => {
    if (number === 1) response.destroy();
    else if (path === '/api/user') json(response, 200, { name: 'ann', admin: false });
    else json(response, 202, { id: 'g1', status: 'PENDING' });
  });
  /** @type {string[]} */
  const states = [];

  const generation = await submit(createGeneration, { body: { prompt: 'A boat' } }, { onWaiting: () => states.push(connection.peek()) });

  const posts = server.received.filter(({ method }) => method === 'POST');
  assert.equal(generation.id, 'g1');
  assert.equal(posts.length, 2);
  assert.match(String(posts[0]?.headers['idempotency-key']), /^[0-9a-f]{32}$/);
  assert.equal(posts[1]?.headers['idempotency-key'], posts[0]?.headers['idempotency-key']);
  assert.equal(posts[1]?.body, posts[0]?.body);
  assert.deepEqual(states, ['reconnecting']);
  assert.equal(connection.peek(), 'online');
});

test('uses another key for another submission', async () => {
  server = await startServer((_, response) => json(response, 202, { id: 'g1', status: 'PENDING' }));

  await submit(createGeneration, { body: { prompt: 'A boat' } });
  await submit(createGeneration, { body: { prompt: 'A boat' } });

  assert.notEqual(server.received[0]?.headers['idempotency-key'], server.received[1]?.headers['idempotency-key']);
});

test('repeats a submission after 503', async () => {
  server = await startServer((_, response, number) =>
    number === 1 ? json(response, 503, { title: 'Unavailable' }, { 'Retry-After': '1' }) : json(response, 202, { id: 'g1' }),
  );

  assert.equal((await submit(createGeneration, { body: { prompt: 'A boat' } })).id, 'g1');

  assert.equal(server.received[1]?.headers['idempotency-key'], server.received[0]?.headers['idempotency-key']);
});

test('does not repeat a rejected submission', async () => {
  const problem = {
    type: 'urn:darkroom:problem:quota-exceeded',
    title: 'Quota exceeded',
    status: 429,
    detail: 'At most 10 generations may wait.',
    requestId: 'r1',
  };
  server = await startServer((_, response) => json(response, 429, problem, { 'Retry-After': '7' }));

  await assert.rejects(submit(createGeneration, { body: { prompt: 'A boat' } }), (error) => {
    assert(error instanceof ProblemError);
    assert.equal(error.type, 'quota-exceeded');
    assert.equal(error.retryAfterMs, 7_000);
    assert.equal(error.requestId, 'r1');
    assert.equal(errorText(error), 'At most 10 generations may wait.');
    return true;
  });

  assert.equal(server.received.length, 1);
});

test('names the invalid fields', async () => {
  const errors = [{ pointer: '#/width', detail: 'must be at least 64' }];
  server = await startServer((_, response) => json(response, 400, { title: 'Invalid request', errors }));

  await assert.rejects(call(createGeneration, { body: { prompt: 'A boat', width: 1 } }), (error) => {
    assert.equal(errorText(error), 'width: must be at least 64');
    return true;
  });
});

test('gives up a submission when its signal is aborted', async () => {
  server = await startServer((_, response) => response.destroy());
  const abort = new AbortController();

  const submission = submit(createGeneration, { body: { prompt: 'A boat' } }, { signal: abort.signal, onWaiting: () => abort.abort('stop') });

  await assert.rejects(submission, (reason) => reason === 'stop');
});

test('tells a missing response from an error response', async () => {
  server = await startServer((_, response) => response.destroy());

  await assert.rejects(call(getGeneration, { path: { generationId: 'g1' } }), ConnectionError);

  assert.equal(connection.peek(), 'reconnecting');
});

test('reports a response that is no JSON, as of a proxy', async () => {
  server = await startServer((_, response) => response.writeHead(502, { 'Content-Type': 'text/html' }).end('<h1>Bad gateway</h1>'));

  await assert.rejects(call(getCurrentUser), (error) => error instanceof ProblemError && error.status === 502 && error.type === '');
});

test('reports a rejected key once, with the key', async () => {
  server = await startServer((_, response) => json(response, 401, { title: 'Unauthorized' }));
  setApiKey('dk_1_2');
  /** @type {unknown[]} */
  const rejected = [];
  onUnauthorized((key) => rejected.push(key));

  await assert.rejects(call(getCurrentUser), (error) => error instanceof ProblemError && error.status === 401);

  assert.deepEqual(rejected, ['dk_1_2']);
});
