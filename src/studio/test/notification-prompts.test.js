import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { prompts, readPrompts } from '../../main/resources/web/studio/notification-prompts.js';
import { json, startServer } from '../scripted-server.js';

/** The ended generations of the service. @type {any[]} */
let ended = [];
let broken = false;
/** @type {string[]} */
let requests = [];

const server = await startServer(({ path }, response) => {
  const { pathname, searchParams } = new URL(path, 'http://localhost');
  requests.push(`${pathname} ${searchParams.get('status')}`);
  if (broken || pathname !== '/api/generation') {
    json(response, 404, { title: 'Not found', status: 404 });
    return;
  }
  json(response, 200, { items: ended.filter(({ status }) => status === searchParams.get('status')) });
});

after(() => server.close());

beforeEach(() => {
  broken = false;
  requests = [];
});

/** @param {string} generationId @returns {any} */
const notification = (generationId) => ({ data: { generationId } });

test('reads the prompts of all notifications with two requests, and none of a deleted generation', async () => {
  ended = [
    { id: 'a1', status: 'COMPLETE', prompt: 'A lighthouse' },
    { id: 'a2', status: 'FAILED', prompt: 'A bridge' },
  ];

  await readPrompts([notification('a1'), notification('a2'), notification('deleted'), /** @type {any} */ ({ data: {} })]);
  await readPrompts([notification('a1'), notification('deleted')]);

  assert.deepEqual([...prompts.peek()].sort(), [['a1', 'A lighthouse'], ['a2', 'A bridge'], ['deleted', '']]);
  assert.deepEqual(requests.sort(), ['/api/generation COMPLETE', '/api/generation FAILED']);
});

test('reads prompts again after a failed read', async () => {
  ended = [{ id: 'b1', status: 'COMPLETE', prompt: 'A harbor' }];
  broken = true;
  await readPrompts([notification('b1')]);
  assert.equal(prompts.peek().get('b1'), undefined);

  broken = false;
  await readPrompts([notification('b1')]);

  assert.equal(prompts.peek().get('b1'), 'A harbor');
});
