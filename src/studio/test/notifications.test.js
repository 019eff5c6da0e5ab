import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  markAllRead,
  markGenerationRead,
  notifications,
  notificationsLoaded,
  onNotification,
  startNotifications,
  unreadCount,
} from '../../main/resources/web/studio/notifications.js';
import { session } from '../../main/resources/web/studio/session.js';
import { eventStream, json, startServer, until } from '../scripted-server.js';

// One service with its notifications, and one page. Each test continues with the state of the previous one.

/** @type {Awaited<ReturnType<typeof startServer>>} */
let server;
/** @type {import('node:http').ServerResponse} */
let stream;
/** @type {{id: string, seq: number, type: string, timestamp: string, data: {generationId: string}, readAt?: string}[]} */
const stored = [];
let refused = false;
/** @type {string[]} */
const announced = [];

/** @param {number} count */
function store(count) {
  for (let i = 0; i < count; i++) {
    const seq = stored.length + 1;
    stored.push({ id: `n${seq}`, seq, type: 'generation.ended', timestamp: '2026-12-01T00:00:00.000Z', data: { generationId: `g${seq}` } });
  }
}

const unread = () => stored.filter(({ readAt }) => !readAt).length;

/**
 * @param {string} name
 * @param {unknown} data
 * @param {string} [id]
 */
function send(name, data, id) {
  stream.write(`${id ? `id: ${id}\n` : ''}event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
}

/** @param {number} seq */
function sendNotification(seq) {
  send('notification', stored[seq - 1], `e-${seq}`);
}

const requests = (/** @type {string} */ start) => server.received.filter(({ method, path }) => `${method} ${path}`.startsWith(start));

before(async () => {
  store(120);
  server = await startServer(({ method, path, headers }, response) => {
    const url = new URL(path, 'http://localhost');
    const read = /\/api\/notifications\/(.*)\/read/.exec(path)?.[1];
    if (url.pathname.endsWith('/stream') && refused) {
      json(response, 429, { title: 'Too many streams' }, { 'Retry-After': '60' });
    } else if (url.pathname.endsWith('/stream')) {
      stream = response;
      eventStream(response, `id: ${headers['last-event-id'] ?? `e-${stored.length}`}\ndata:\n\n`);
    } else if (read) {
      const notification = stored.find(({ id }) => id === read);
      assert(notification);
      notification.readAt = '2026-12-01T00:01:00.000Z';
      json(response, 200, notification);
    } else if (method === 'POST') {
      json(response, 200, { ackedSeq: stored.length, lastSeq: stored.length, unreadCount: unread() });
    } else {
      const from = Number(url.searchParams.get('cursor')?.split('-')[1] ?? 0);
      const limit = Number(url.searchParams.get('limit'));
      const items = stored.slice(from, from + limit);
      const position = `e-${from + items.length}`;
      json(response, 200, { items, position, unreadCount: unread(), ...(from + limit < stored.length && { nextCursor: position }) });
    }
  });
  onNotification(({ id }) => announced.push(id));
  startNotifications();
  session.value = { state: 'signedIn', user: { name: 'ann', admin: false } };
});

after(() => {
  session.value = { state: 'signedOut' };
  server.close();
});

const newest = () => notifications.peek()[0]?.seq;

test('reads the newest notifications without the older ones, and announces none of them', async () => {
  await until(() => notificationsLoaded.peek());

  assert.equal(notifications.peek().length, 50);
  assert.equal(newest(), 120);
  assert.equal(unreadCount.peek(), 120);
  assert.deepEqual(requests('GET /api/notifications?').map(({ path }) => path), ['/api/notifications?cursor=e-70&limit=100']);
  assert.deepEqual(announced, []);
});

test('adds a notification of the stream once', async () => {
  store(1);

  sendNotification(121);
  sendNotification(121);
  sendNotification(120);

  await until(() => newest() === 121);
  send('ping', { at: '', lastSeq: 121 });
  assert.equal(unreadCount.peek(), 121);
  assert.deepEqual(announced, ['n121']);
});

test('acknowledges received notifications', async () => {
  await until(() => requests('POST /api/notifications/ack').some(({ body }) => body === '{"seq":121}'));
});

test('reads the list after a gap', async () => {
  store(3);

  sendNotification(124);

  await until(() => newest() === 124);
  assert.deepEqual(announced, ['n121', 'n122', 'n123', 'n124']);
  assert.equal(unreadCount.peek(), 124);
});

test('reads the list when a ping has a higher number', async () => {
  store(1);

  send('ping', { at: '', lastSeq: 125 });

  await until(() => newest() === 125);
});

test('resumes after a lost connection without a missed notification', async () => {
  store(1);
  const lost = stream;

  lost.destroy();

  await until(() => stream !== lost);
  // The last event of the stream; 125 was read from the list, and arrives again.
  assert.equal(requests('GET /api/notifications/stream').at(-1)?.headers['last-event-id'], 'e-124');
  sendNotification(125);
  sendNotification(126);
  await until(() => newest() === 126);
  assert.deepEqual(announced, ['n121', 'n122', 'n123', 'n124', 'n125', 'n126']);
});

test('takes the unread count of the service', async () => {
  for (const each of stored.slice(0, 100)) each.readAt = '2026-12-01T00:01:00.000Z';

  send('unreadState', { ackedSeq: 126, unreadCount: 26 });

  await until(() => notifications.peek().filter(({ readAt }) => readAt).length === 24);
  assert.equal(unreadCount.peek(), 26);
});

test('marks the notification of an opened generation as read when it arrives', async () => {
  store(1);
  markGenerationRead('g127');

  sendNotification(127);

  await until(() => stored[126]?.readAt !== undefined && unreadCount.peek() === 26);
});

test('marks all as read, also notifications that are not shown', async () => {
  for (const each of stored) delete each.readAt;

  await markAllRead();

  await until(() => unreadCount.peek() === 0);
  assert.equal(unread(), 0);
});

test('reads the list after a reset', async () => {
  store(2);

  send('reset', { reason: 'EXPIRED', epoch: 'e', lastSeq: 129 }, 'e-129');

  await until(() => newest() === 129);
  assert.equal(unreadCount.peek(), 2);
});

test('closes the stream and forgets everything at the end of the session', async () => {
  let closed = false;
  stream.on('close', () => (closed = true));

  session.value = { state: 'signedOut' };

  await until(() => closed);
  assert.deepEqual(notifications.peek(), []);
  assert.equal(unreadCount.peek(), 0);
});

test('announces no old notifications when streams are refused', async () => {
  announced.length = 0;
  refused = true;

  session.value = { state: 'signedIn', user: { name: 'ann', admin: false } };

  await until(() => notificationsLoaded.peek());
  assert.equal(newest(), stored.length);
  store(1);
  await until(() => newest() === stored.length);
  assert.deepEqual(announced, [`n${stored.length}`]);
});
