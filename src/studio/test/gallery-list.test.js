import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { addCreated, forgetGeneration, list, refreshList, showList, stagedId } from '../../main/resources/web/studio/gallery-list.js';
import { knownGeneration } from '../../main/resources/web/studio/generations.js';
import { json, startServer } from '../scripted-server.js';

Object.assign(globalThis, { scrollY: 0, innerHeight: 800 });

/** The generations of the service, newest first. @type {any[]} */
let stored = [];
let pageSize = 40;
let broken = false;

const server = await startServer(({ path }, response) => {
  const { pathname, searchParams } = new URL(path, 'http://localhost');
  if (broken) {
    json(response, 503, { title: 'Unavailable', status: 503 });
    return;
  }
  if (pathname === '/api/generation') {
    const status = searchParams.get('status');
    const items = stored.filter((item) => !status || item.status === status);
    json(response, 200, { items: items.slice(0, pageSize), nextCursor: items.length > pageSize ? 'next' : undefined });
    return;
  }
  const found = stored.find(({ id }) => pathname.endsWith(`/${id}`));
  json(response, found ? 200 : 404, found ?? { title: 'Not found', status: 404 });
});

after(() => server.close());

beforeEach(() => {
  stored = [];
  pageSize = 40;
});

/**
 * @param {string} id
 * @param {number} second of its creation
 * @param {string} [status]
 * @returns {any}
 */
function generation(id, second, status = 'COMPLETE') {
  const time = new Date(Date.UTC(2026, 11, 1, 0, 0, second)).toISOString();
  return { id, status, createdAt: time, updatedAt: time, attempts: [], width: 1, height: 1 };
}

test('shows generations that other clients create, and removes generations that they delete', async () => {
  stored = [generation('a2', 2), generation('a1', 1)];
  await showList({});
  assert.deepEqual(list.peek().ids, ['a2', 'a1']);

  stored = [generation('a3', 3), generation('a1', 1)];
  await refreshList();

  assert.deepEqual(list.peek().ids, ['a3', 'a1']);
  assert.equal(knownGeneration('a2'), undefined);
});

test('keeps generations that are older than the first page', async () => {
  stored = [generation('b3', 3), generation('b2', 2), generation('b1', 1)];
  await showList({});

  pageSize = 2;
  stored = [generation('b4', 4), generation('b2', 2), generation('b1', 1)];
  await refreshList();

  assert.deepEqual(list.peek().ids, ['b4', 'b2', 'b1']);
});

test('keeps a generation that left the list by its end', async () => {
  stored = [generation('c1', 1, 'PENDING')];
  await showList({ status: 'PENDING' });
  assert.deepEqual(list.peek().ids, ['c1']);

  stored = [{ ...generation('c1', 1), updatedAt: generation('', 2).updatedAt }];
  await refreshList();
  await refreshList();

  assert.equal(knownGeneration('c1')?.peek().status, 'COMPLETE');
});

test('forgets a pending generation that was cancelled and deleted elsewhere', async () => {
  await showList({});
  addCreated(generation('d1', 1, 'PENDING'));
  assert.deepEqual([list.peek().ids, stagedId.peek()], [['d1'], 'd1']);

  await refreshList();

  assert.deepEqual([list.peek().ids, stagedId.peek()], [[], '']);
});

test('a response that is under way does not bring a deleted generation back', async () => {
  stored = [generation('e1', 1)];
  await showList({});

  const refreshed = refreshList();
  forgetGeneration('e1');
  await refreshed;

  assert.deepEqual(list.peek().ids, []);
});

test('reads the first page until it could be read', async () => {
  stored = [generation('f1', 1)];
  broken = true;
  await showList({});
  assert.equal(list.peek().state, 'failed');

  broken = false;
  await refreshList();

  assert.deepEqual([list.peek().ids, list.peek().state], [['f1'], 'ready']);
});
