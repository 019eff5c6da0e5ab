// A shop that sells images. It creates a generation for each order and learns its end by a webhook.
import Database from 'libsql';
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { Webhook } from 'standardwebhooks';

const api = process.env.API ?? 'http://127.0.0.1:8080';
const port = Number(process.env.PORT ?? 9000);
const publicUrl = process.env.PUBLIC_URL ?? `http://127.0.0.1:${port}`;
const authorization = process.env.KEY ? { Authorization: `Bearer ${process.env.KEY}` } : {};

const MAX_BODY_BYTES = 65_536;
const RETRY_MS = 5_000;
const CHECK_MS = 60_000;

// Orders and received webhooks survive a restart. The primary key of `webhooks` makes a repeated delivery harmless.
const database = new Database(process.env.DATABASE ?? 'shop.db');
database.exec(`
  PRAGMA journal_mode = WAL;
  CREATE TABLE IF NOT EXISTS orders (id TEXT PRIMARY KEY, prompt TEXT NOT NULL, status TEXT NOT NULL, generation_id TEXT, error TEXT);
  CREATE TABLE IF NOT EXISTS webhooks (id TEXT PRIMARY KEY, generation_id TEXT NOT NULL, processed INTEGER NOT NULL DEFAULT 0);
`);
const insertOrder = database.prepare("INSERT INTO orders (id, prompt, status) VALUES (?, ?, 'NEW')");
const order = database.prepare('SELECT * FROM orders WHERE id = ?');
const newOrders = database.prepare("SELECT * FROM orders WHERE status = 'NEW'");
const pendingOrders = database.prepare("SELECT * FROM orders WHERE status = 'PENDING'");
// An order that has ended never changes. The webhook of its end may arrive before the response to `create`.
const updateOrder = database.prepare(`
  UPDATE orders SET status = $status, generation_id = $generationId, error = $error
  WHERE id = $id AND status <> $status AND status IN ('NEW', 'PENDING')
`);
const insertWebhook = database.prepare('INSERT OR IGNORE INTO webhooks (id, generation_id) VALUES (?, ?)');
const newWebhooks = database.prepare('SELECT * FROM webhooks WHERE processed = 0');
const markProcessed = database.prepare('UPDATE webhooks SET processed = 1 WHERE id = ?');

async function darkroom(path, options = {}) {
  const headers = { ...authorization, ...options.headers };
  return fetch(api + path, { ...options, headers, signal: AbortSignal.timeout(20_000) });
}

function update(id, { status, generationId = null, error = null }) {
  if (updateOrder.run({ id, status, generationId, error }).changes) console.log('order', id, status);
}

/** Stores the state of a generation for its order. */
function store({ id: generationId, status, metadata, error }) {
  if (metadata?.order) update(metadata.order, { status, generationId, error: error?.message });
}

/** Creates the generation of an order. The order id is the idempotency key, so a repeated request creates no second generation. */
async function create({ id, prompt }) {
  const response = await darkroom('/api/generation', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'Idempotency-Key': id },
    body: JSON.stringify({ prompt, webhookUrl: `${publicUrl}/webhooks/darkroom`, metadata: { order: id } }),
  });
  const body = await response.json();
  if (response.ok) {
    store(body);
  } else if ([400, 409, 413, 422].includes(response.status)) {
    update(id, { status: 'FAILED', error: body.detail }); // A repeated request would be rejected too.
  } else {
    throw new Error(`${response.status} ${body.title}`);
  }
}

/** Reads a generation. A webhook only says that it has ended; this response is the truth. */
async function refresh({ generation_id: generationId }) {
  const response = await darkroom(`/api/generation/${generationId}`);
  if (!response.ok) throw new Error(`${response.status} ${generationId}`);
  store(await response.json());
}

/** Finishes the open steps of all rows. A row that fails stays unchanged and is tried again. */
async function each(rows, action) {
  for (const row of rows) {
    try {
      await action(row);
    } catch (error) {
      console.log('failed, trying again:', error.cause?.code ?? error.message);
    }
  }
}

let wake = () => {};
let nextCheck = 0; // The first check finds the webhooks that the shop missed while it was stopped.
async function work() {
  for (;;) {
    const woken = new Promise((resolve) => { wake = resolve; });
    await each(newWebhooks.all(), async (webhook) => {
      await refresh(webhook);
      markProcessed.run(webhook.id);
    });
    await each(newOrders.all(), create);
    if (Date.now() >= nextCheck) {
      nextCheck = Date.now() + CHECK_MS;
      await each(pendingOrders.all(), refresh);
    }
    const timer = setTimeout(wake, RETRY_MS);
    await woken;
    clearTimeout(timer);
  }
}

async function read(request) {
  const parts = [];
  let size = 0;
  for await (const part of request) {
    size += part.length;
    if (size > MAX_BODY_BYTES) throw new Error('body too large');
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}

/** Verifies a webhook, stores it and responds. The work begins after the response. */
async function receive(request) {
  let event;
  try {
    // The signature covers the received bytes, so they are verified before they are parsed.
    event = webhookSecret.verify(await read(request), request.headers);
  } catch {
    return [401];
  }
  if (event.type === 'generation.ended') {
    const id = request.headers['webhook-id'];
    const isNew = insertWebhook.run(id, event.data.generationId).changes === 1;
    console.log('webhook', id, isNew ? 'received' : 'ignored, it was received before');
    wake();
  }
  return [204]; // Also for unknown types, which later versions may add.
}

async function createOrder(request) {
  let prompt;
  try {
    ({ prompt } = JSON.parse(await read(request)));
  } catch {
    // The prompt stays undefined.
  }
  if (typeof prompt !== 'string') return [400, { error: 'prompt is required' }];
  const id = randomUUID();
  insertOrder.run(id, prompt);
  wake();
  return [202, { id, status: 'NEW' }];
}

/** Shows an order. Image URLs expire, so they are not stored but requested. */
async function showOrder(id) {
  const found = order.get(id);
  if (!found) return [404];
  const { status, error, generation_id: generationId } = found;
  if (status !== 'COMPLETE') return [200, { id, status, error: error ?? undefined }];
  const response = await darkroom(`/api/generation/${generationId}`);
  return response.ok ? [200, { id, status, imageUrls: (await response.json()).imageUrls }] : [503];
}

function route(request) {
  const [, id] = request.url.match(/^\/orders\/([\w-]+)$/) ?? [];
  if (request.method === 'POST' && request.url === '/webhooks/darkroom') return receive(request);
  if (request.method === 'POST' && request.url === '/orders') return createOrder(request);
  if (request.method === 'GET' && id) return showOrder(id);
  return [404];
}

// The secret that signs deliveries to `webhookUrl`. Without it the shop cannot work, so the program ends when the request fails.
const secretResponse = await darkroom('/api/webhook-secret');
if (!secretResponse.ok) throw new Error(`${secretResponse.status} ${await secretResponse.text()}`);
const webhookSecret = new Webhook((await secretResponse.json()).secret);

createServer(async (request, response) => {
  let result;
  try {
    result = await route(request);
  } catch (error) {
    console.log('request failed:', error.message);
    result = [503];
  }
  const [status, body] = result;
  response.writeHead(status, body ? { 'Content-Type': 'application/json' } : {}).end(body && JSON.stringify(body));
}).listen(port, '127.0.0.1', () => console.log(`listening on ${publicUrl}`));
work();
