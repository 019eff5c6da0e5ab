import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { call, ProblemError } from '../../main/resources/web/studio/api.js';
import { getCurrentUser } from '../../main/resources/web/studio/client.js';
import { onSessionEnd, session, signIn, signOut, startSession } from '../../main/resources/web/studio/session.js';
import { json, startServer } from '../scripted-server.js';

/** @type {Map<string, string>} */
const stored = new Map();
Object.assign(globalThis, {
  sessionStorage: {
    getItem: (/** @type {string} */ name) => stored.get(name) ?? null,
    setItem: (/** @type {string} */ name, /** @type {string} */ value) => stored.set(name, value),
    removeItem: (/** @type {string} */ name) => stored.delete(name),
  },
});

/** @type {Awaited<ReturnType<typeof startServer>>} */
let server;
/** The valid keys and their users. @type {Map<string | undefined, string>} */
const keys = new Map();
/** The statuses of the next responses. @type {number[]} */
const failures = [];
let ends = 0;
onSessionEnd(() => ends++);

beforeEach(async () => {
  keys.clear();
  keys.set('Bearer key-of-ann', 'ann').set('Bearer key-of-bob', 'bob');
  server = await startServer(({ headers }, response) => {
    const failure = failures.shift();
    const name = keys.get(headers.authorization);
    if (failure) json(response, failure, { title: 'Unavailable' });
    else if (name) json(response, 200, { name, admin: name === 'ann' });
    else json(response, 401, { type: 'urn:darkroom:problem:unauthorized', title: 'Unauthorized', detail: 'Invalid key.' });
  });
  await startSession();
  ends = 0;
});

afterEach(() => {
  signOut();
  server.close();
});

test('asks for a key', () => {
  assert.deepEqual(session.peek(), { state: 'signedOut' });
});

test('signs in and stores the key', async () => {
  await signIn('key-of-ann');

  assert.deepEqual(session.peek(), { state: 'signedIn', user: { name: 'ann', admin: true } });
  assert.deepEqual([...stored.values()], ['key-of-ann']);
});

test('stores no invalid key', async () => {
  await assert.rejects(signIn('wrong'), (error) => error instanceof ProblemError && error.status === 401);

  assert.deepEqual(session.peek(), { state: 'signedOut' });
  assert.equal(stored.size, 0);
});

test('goes on with the stored key after a reload', async () => {
  await signIn('key-of-ann');

  await startSession();

  assert.equal(session.peek().state, 'signedIn');
});

for (const status of [429, 500, 502, 503]) {
  test(`verifies the stored key again after a reload with status ${status}`, async () => {
    await signIn('key-of-ann');
    failures.push(status);

    await startSession();

    assert.equal(failures.length, 0);
    assert.equal(session.peek().state, 'signedIn');
  });
}

test('forgets the key and discards private data on signing out', async () => {
  await signIn('key-of-ann');

  signOut();

  assert.deepEqual(session.peek(), { state: 'signedOut' });
  assert.equal(stored.size, 0);
  assert.equal(ends, 1);
  await assert.rejects(call(getCurrentUser));
  assert.equal(server.received.at(-1)?.headers.authorization, undefined);
});

test('asks for a key again when it was revoked, and keeps drafts for the same user', async () => {
  await signIn('key-of-ann');
  keys.delete('Bearer key-of-ann');
  keys.set('Bearer second-key-of-ann', 'ann');

  await assert.rejects(call(getCurrentUser));

  const current = session.peek();
  assert.equal(current.state, 'signedOut');
  assert.match(String(/** @type {any} */ (current).notice), /no longer valid/);
  assert.equal(stored.size, 0);
  await signIn('second-key-of-ann');
  assert.equal(ends, 0);
});

test('discards drafts when another user signs in after a revocation', async () => {
  await signIn('key-of-ann');
  keys.delete('Bearer key-of-ann');
  await assert.rejects(call(getCurrentUser));

  await signIn('key-of-bob');

  assert.equal(ends, 1);
  assert.deepEqual(session.peek(), { state: 'signedIn', user: { name: 'bob', admin: false } });
});
