// The back end of a product: serves the page, holds the API key, and sends the requests of the page to Darkroom. Needs Node 20, no packages.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';

const api = process.env.API ?? 'http://127.0.0.1:8080';
const publicApi = process.env.PUBLIC_API ?? api; // as browsers reach Darkroom, for streams and images
const port = Number(process.env.PORT ?? 3000);
const MAX_BODY_BYTES = 65_536;

const FILES = {
  '/': ['index.html', 'text/html; charset=utf-8'],
  '/app.js': ['app.js', 'text/javascript'],
  '/watch.js': ['watch.js', 'text/javascript'],
  '/style.css': ['style.css', 'text/css'],
};

// The page runs no inline script, and connects to its own server and to Darkroom only.
const POLICY = [
  "default-src 'none'", "script-src 'self'", "style-src 'self'", `img-src ${publicApi} data:`, `connect-src 'self' ${publicApi}`,
  "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
].join('; ');

/**
 * The API key of the signed-in customer. The example has one customer. A product looks up the session of the request here, and gives each
 * customer a Darkroom user of their own, because a stream ticket opens all streams of the user of the key.
 */
function keyOf(_request) {
  return process.env.KEY;
}

/** Sends a request to Darkroom. Without a response from it, the result is a problem like those of Darkroom. */
async function darkroom(request, method, path, { headers, body } = {}) {
  const key = keyOf(request);
  try {
    return await fetch(api + path, {
      method,
      headers: { ...(key && { Authorization: `Bearer ${key}` }), ...headers },
      body,
      signal: AbortSignal.timeout(20_000),
    });
  } catch {
    const problem = { title: 'Service unavailable', status: 503, detail: 'The image service does not respond.' };
    const problemHeaders = { 'Content-Type': 'application/problem+json', 'Retry-After': '2' };
    return new Response(JSON.stringify(problem), { status: 503, headers: problemHeaders });
  }
}

async function read(request) {
  const parts = [];
  let size = 0;
  for await (const part of request) {
    size += part.length;
    if (size > MAX_BODY_BYTES) return null;
    parts.push(part);
  }
  try {
    return JSON.parse(Buffer.concat(parts).toString());
  } catch {
    return null;
  }
}

/** Creates a generation. The back end decides which fields a customer may set: here the prompt. */
async function create(request) {
  // Pages of other sites cannot send this type without a CORS preflight, which this server does not answer.
  if (request.headers['content-type'] !== 'application/json') return new Response(null, { status: 415 });
  const wanted = await read(request);
  return darkroom(request, 'POST', '/api/generation', {
    headers: { 'Content-Type': 'application/json', 'Idempotency-Key': request.headers['idempotency-key'] ?? crypto.randomUUID() },
    body: JSON.stringify({ prompt: wanted?.prompt }),
  });
}

/** Returns the URL of the event stream, with a ticket that the browser uses instead of the key. The stream goes directly to Darkroom. */
async function openStream(request, id) {
  const created = await darkroom(request, 'POST', '/api/notifications/ticket');
  if (!created.ok) return created;
  const { ticket } = await created.json();
  return Response.json({ url: `${publicApi}/api/generation/${id}/events?ticket=${ticket}` });
}

async function route(request) {
  const { method, url } = request;
  const [, id, stream] = url.match(/^\/api\/images\/([0-9a-f-]{36})(\/stream)?$/) ?? [];
  if (method === 'POST' && url === '/api/images') return create(request);
  if (method === 'POST' && stream) return openStream(request, id);
  if (method === 'GET' && id && !stream) return darkroom(request, 'GET', `/api/generation/${id}`);
  const [file, type] = FILES[url.split('?')[0]] ?? [];
  if (method !== 'GET' || !file) return new Response(null, { status: 404 });
  const headers = { 'Content-Type': type, 'Content-Security-Policy': POLICY, 'X-Content-Type-Options': 'nosniff' };
  return new Response(await readFile(new URL(file, import.meta.url)), { headers });
}

const RELAYED = ['content-type', 'retry-after', 'content-security-policy', 'x-content-type-options'];

createServer(async (request, response) => {
  try {
    const result = await route(request);
    const body = Buffer.from(await result.arrayBuffer());
    const headers = RELAYED.filter((name) => result.headers.has(name)).map((name) => [name, result.headers.get(name)]);
    response.writeHead(result.status, { ...Object.fromEntries(headers), 'Cache-Control': 'no-store' }).end(body);
  } catch (error) {
    console.log('request failed:', error.message);
    response.destroy();
  }
}).listen(port, '127.0.0.1', () => console.log(`open http://127.0.0.1:${port}`));
