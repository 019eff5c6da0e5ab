import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { joinSharedStream } from '../../main/resources/web/studio/shared-stream.js';
import { eventStream, json, startServer, until } from '../scripted-server.js';

/** @typedef {import('../../main/resources/web/studio/event-stream.js').StreamEvent} StreamEvent */

/** Exclusive locks in the order of their requests, as the Web Locks of a browser. Tabs are objects of one process here. */
class Locks {
  constructor() {
    /** @type {Map<string, Promise<unknown>>} */
    this.last = new Map();
  }

  /**
   * @param {string} name
   * @param {{signal: AbortSignal}} options
   * @param {() => Promise<unknown>} run
   */
  request(name, { signal }, run) {
    const granted = (this.last.get(name) ?? Promise.resolve()).then(() => {
      signal.throwIfAborted();
      return run();
    });
    this.last.set(name, granted.catch(() => {}));
    return granted;
  }
}

/** @type {Awaited<ReturnType<typeof startServer>>} */
let server;
/** @type {Set<import('node:http').ServerResponse>} */
let streams;
/** @type {{leave(): void}[]} */
let tabs;
let locks = new Locks();

beforeEach(() => {
  streams = new Set();
  tabs = [];
  locks = new Locks();
});

afterEach(() => {
  for (const tab of tabs) tab.leave();
  server.close();
});

/** @param {string} user */
function openTab(user) {
  /** @type {StreamEvent[]} */
  const events = [];
  let position = '';
  const tab = joinSharedStream({
    user,
    position: () => position,
    onEvent(event) {
      if (event.id) position = event.id;
      events.push(event);
    },
    poll: async () => {},
    platform: /** @type {any} */ ({ locks, Channel: BroadcastChannel }),
  });
  tabs.push(tab);
  return { tab, events, ids: () => events.filter(({ name }) => name).map(({ id }) => id) };
}

async function serveStreams() {
  server = await startServer((_, response) => {
    eventStream(response, 'id: e-1\ndata:\n\n');
    streams.add(response);
    response.on('close', () => streams.delete(response));
  });
}

/** @param {number} seq */
function send(seq) {
  for (const stream of streams) stream.write(`id: e-${seq}\nevent: notification\ndata: {"seq":${seq}}\n\n`);
}

test('tabs of one user share one connection', async () => {
  await serveStreams();
  const first = openTab('ann');
  const second = openTab('ann');
  await until(() => streams.size === 1 && second.events.length > 0);

  send(2);

  await until(() => first.ids().length === 1 && second.ids().length === 1);
  assert.deepEqual(second.events.at(-1), { name: 'notification', id: 'e-2', data: { seq: 2 } });
  assert.equal(server.received.length, 1);
});

test('a tab that joins later gets the position', async () => {
  await serveStreams();
  const first = openTab('ann');
  await until(() => first.events.length > 0);

  const second = openTab('ann');

  await until(() => second.events.length > 0);
  assert.deepEqual(second.events, [{ name: '', id: 'e-1', data: '' }]);
});

test('another tab resumes after its last event when the leader is closed', async () => {
  await serveStreams();
  const first = openTab('ann');
  const second = openTab('ann');
  await until(() => second.events.length > 0);
  send(2);
  await until(() => second.ids().length === 1);

  first.tab.leave();

  await until(() => server.received.length === 2 && streams.size === 1);
  assert.equal(server.received[1]?.headers['last-event-id'], 'e-2');
  send(3);
  await until(() => second.ids().includes('e-3'));
  assert.deepEqual(first.ids(), ['e-2']);
});

test('tabs of different users share nothing', async () => {
  await serveStreams();
  const ann = openTab('ann');
  const bob = openTab('bob');
  await until(() => streams.size === 2 && ann.events.length > 0 && bob.events.length > 0);
  const [one] = streams;

  one?.write('id: e-2\nevent: notification\ndata: {"seq":2}\n\n');

  await until(() => ann.ids().length + bob.ids().length === 1);
  send(3);
  await until(() => ann.ids().includes('e-3') && bob.ids().includes('e-3'));
  assert.equal(ann.ids().length + bob.ids().length, 3);
});

test('the leader polls while streams are refused', async () => {
  server = await startServer((_, response) => json(response, 429, {}, { 'Retry-After': '60' }));
  let polls = 0;
  const tab = joinSharedStream({
    user: 'ann',
    position: () => '',
    onEvent: () => {},
    poll: async () => {
      polls++;
    },
    platform: /** @type {any} */ ({ locks, Channel: BroadcastChannel }),
  });
  tabs.push(tab);

  await until(() => polls > 0);

  assert.equal(server.received.length, 1);
});
