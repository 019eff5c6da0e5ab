// Uses openapi-fetch with the types that openapi-typescript generates from openapi.yaml.
import createClient from 'openapi-fetch';
import type { components, paths } from './generated/darkroom.js';

type Generation = components['schemas']['Generation'];

const key = process.env.KEY;
const client = createClient<paths>({
  baseUrl: process.env.API ?? 'http://127.0.0.1:8080',
  headers: key ? { Authorization: `Bearer ${key}` } : {},
});

function required<T>(result: { data?: T; error?: unknown; response: Response }): T {
  if (result.data === undefined) throw new Error(`${result.response.status} ${JSON.stringify(result.error)}`);
  return result.data;
}

async function get(generationId: string, prefer?: string): Promise<Generation> {
  const header = prefer ? { Prefer: prefer } : {};
  return required(await client.GET('/api/generation/{generationId}', { params: { path: { generationId }, header } }));
}

// Create a generation, read it, and cancel it.
let cancelled = required(await client.POST('/api/generation', { body: { prompt: 'A boat, cancelled' } }));
console.log('created', cancelled.status);
cancelled = await get(cancelled.id);
console.log('got', cancelled.status);
required(await client.POST('/api/generation/{generationId}/cancel', { params: { path: { generationId: cancelled.id } } }));
cancelled = await get(cancelled.id);
console.log('got', cancelled.status, cancelled.error?.code, cancelled.error?.errorClass);

// Create a generation. Repeating the request with the same key does not create another one.
const request = {
  params: { header: { 'Idempotency-Key': crypto.randomUUID() } },
  body: { prompt: 'A lighthouse at dusk', metadata: { project: 'harbour' } },
};
const created = required(await client.POST('/api/generation', request));
const repeated = required(await client.POST('/api/generation', request));
console.log('repeated', repeated.id === created.id);

// Wait for its end.
let ended: Generation = created;
while (ended.status === 'PENDING') ended = await get(created.id, 'wait=10');
console.log('got', ended.status, 'images', ended.images?.length, 'attempts', ended.attempts.length, 'project', ended.metadata?.project);

// Read the list to its last page.
let listed = 0;
let cursor: string | undefined;
do {
  const page: components['schemas']['GenerationPage'] = required(
    await client.GET('/api/generation', { params: { query: { limit: 1, cursor } } }),
  );
  listed += page.items.length;
  cursor = page.nextCursor;
} while (cursor !== undefined);
console.log('listed generations', listed);

// An invalid request is rejected with a problem document that names the fields.
const rejected = await client.POST('/api/generation', { body: { prompt: 'A boat', model: 'no-such-model' } });
console.log('rejected', rejected.response.status, rejected.error?.errors?.[0]?.pointer);

// Read the notifications.
listed = 0;
let next: string | undefined;
do {
  const page: components['schemas']['NotificationPage'] = required(
    await client.GET('/api/notifications', { params: { query: { limit: 1, cursor: next } } }),
  );
  listed += page.items.length;
  next = page.nextCursor;
} while (next !== undefined);
console.log('listed notifications', listed);

// Create a webhook, update it, and delete it.
const webhook = required(await client.POST('/api/webhooks', { body: { url: process.env.HOOK ?? 'https://example.com/darkroom' } }));
const path = { webhookId: webhook.id };
const updated = required(await client.PATCH('/api/webhooks/{webhookId}', { params: { path }, body: { description: 'The shop' } }));
console.log('webhook secret', webhook.secret.startsWith('whsec_'), 'enabled', updated.enabled, 'description', updated.description);
await client.DELETE('/api/webhooks/{webhookId}', { params: { path } });
