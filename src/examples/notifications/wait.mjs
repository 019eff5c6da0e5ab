// Creates a generation, waits for the notification of its end and acknowledges it.
import { listen } from './listen.js';

const api = process.env.API ?? 'http://127.0.0.1:8080';
const key = process.env.KEY;

async function post(path, body) {
  const headers = { 'Content-Type': 'application/json', ...(key && { Authorization: `Bearer ${key}` }) };
  const response = await fetch(api + path, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  return response.json();
}

// The position at the end of the list. A stream that starts there misses no later notification.
const headers = key ? { Authorization: `Bearer ${key}` } : {};
const page = await (await fetch(`${api}/api/notifications?limit=100`, { headers })).json();
const created = await post('/api/generation', { prompt: process.argv[2] ?? 'A lighthouse at dusk' });
console.log('created', created.id);

const ended = new AbortController();
await listen({
  api,
  key,
  cursor: page.position,
  signal: ended.signal,
  async onNotification(notification) {
    console.log(JSON.stringify(notification));
    await post('/api/notifications/ack', { subscriber: 'node-example', seq: notification.seq });
    if (notification.data.generationId === created.id) ended.abort();
  },
});
