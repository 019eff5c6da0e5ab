import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startNotifications } from '../../main/resources/web/studio/notifications.js';
import { signIn, signOut } from '../../main/resources/web/studio/session.js';
import { counters, generations, refresh, send } from '../../main/resources/web/studio/views/break-it/demo.js';
import { eventStream, json, startServer, until } from '../scripted-server.js';

let created = 0;
/** @type {import('node:http').ServerResponse | undefined} */
let stream;

// A service that accepts generations and knows none of them.
const server = await startServer(({ method, path }, response) => {
  if (path === '/api/user') {
    json(response, 200, { name: 'u', admin: true });
  } else if (path.startsWith('/api/notification') && path.includes('stream')) {
    stream = response;
    eventStream(response, 'id: e-0\ndata:\n\n');
  } else if (path.startsWith('/api/notification')) {
    json(response, 200, { items: [], position: 'e-0', unreadCount: 0, reset: false });
  } else if (method === 'POST') {
    const time = new Date(Date.UTC(2026, 11, 1)).toISOString();
    json(response, 202, { id: `g${++created}`, status: 'PENDING', createdAt: time, updatedAt: time, attempts: [] });
  } else if (path.startsWith('/api/generation?')) {
    json(response, 200, { items: [] });
  } else {
    json(response, 404, { title: 'Not found', status: 404 });
  }
});

after(() => {
  signOut();
  server.close();
});

test('a generation that ended and was deleted elsewhere is not lost', async () => {
  startNotifications();
  await signIn(undefined);
  await until(() => stream !== undefined);
  await refresh();
  await send(2);
  await refresh();
  assert.deepEqual([counters.peek().accepted, counters.peek().lost], [2, 2]);

  const data = { seq: 1, id: 'n1', type: 'generation.ended', timestamp: '2026-12-01T00:00:00Z', data: { generationId: 'g1', status: 'COMPLETE' } };
  stream?.write(`id: e-1\nevent: notification\ndata: ${JSON.stringify(data)}\n\n`);

  await until(() => counters.peek().lost === 1);
  assert.equal(counters.peek().accepted, 1);
  assert.deepEqual(generations.peek(), []);
});
