// A scripted HTTP server for tests, which logs its requests.
import { createServer } from 'node:http';
import { client } from '../main/resources/web/studio/client.js';

/**
 * @typedef {{method: string, path: string, headers: import('node:http').IncomingHttpHeaders, body: string}} Received
 */

/**
 * Starts a server and points the client to it.
 * @param {(received: Received, response: import('node:http').ServerResponse, number: number) => void} handler `number` counts the requests from 1
 */
export async function startServer(handler) {
  /** @type {Received[]} */
  const received = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (part) => (body += part));
    request.on('end', () => {
      const { method = '', url: path = '', headers } = request;
      const each = { method, path, headers, body };
      received.push(each);
      handler(each, response, received.length);
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  client.setConfig({ baseUrl: `http://127.0.0.1:${port}` });
  return {
    received,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/**
 * @param {import('node:http').ServerResponse} response
 * @param {number} status
 * @param {unknown} body
 * @param {Record<string, string>} [headers]
 */
export function json(response, status, body, headers = {}) {
  response.writeHead(status, { 'Content-Type': status < 400 ? 'application/json' : 'application/problem+json', ...headers });
  response.end(JSON.stringify(body));
}

/**
 * Begins an event stream.
 * @param {import('node:http').ServerResponse} response
 * @param {string} [text]
 */
export function eventStream(response, text = '') {
  response.writeHead(200, { 'Content-Type': 'text/event-stream' });
  response.flushHeaders();
  if (text) response.write(text);
}

/**
 * Waits for a condition.
 * @param {() => boolean} condition
 */
export async function until(condition) {
  const end = Date.now() + 30_000;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`not within 30 s: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
