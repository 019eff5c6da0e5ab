// The prompts of generations in notifications, which contain none. They are read from the list of ended generations: two requests for all of them,
// and none for a deleted generation, which would be a failed request in the console.

import { call } from './api.js';
import { listGenerations } from './client.js';
import { onSessionEnd } from './session.js';
import { signal } from './vendor.js';

/** @typedef {import('./client.js').Notification} Notification */

/** Prompts by the id of their generation; empty for deleted generations and for those that ended before the last 100. */
export const prompts = signal(/** @type {ReadonlyMap<string, string>} */ (new Map()));

/** @type {AbortController | undefined} */
let reading;

onSessionEnd(() => {
  reading?.abort();
  reading = undefined;
  prompts.value = new Map();
});

/**
 * Reads the prompts of notifications that have none yet. Does nothing during another read: call it again when `prompts` has changed. A failed read
 * changes nothing.
 * @param {Notification[]} notifications
 */
export async function readPrompts(notifications) {
  const missing = notifications.flatMap(({ data }) => data.generationId ?? []).filter((id) => !prompts.peek().has(id));
  if (reading || missing.length === 0) return;
  const abort = new AbortController();
  reading = abort;
  try {
    const pages = await Promise.all(
      /** @type {const} */ (['COMPLETE', 'FAILED']).map((status) =>
        call(listGenerations, { query: { status, limit: 100 }, signal: abort.signal }),
      ),
    );
    prompts.value = new Map([
      ...prompts.peek(),
      ...missing.map((id) => /** @type {const} */ ([id, ''])),
      ...pages.flatMap((page) => page.items).map(({ id, prompt }) => /** @type {const} */ ([id, prompt])),
    ]);
  } catch {
    // The titles of the notifications remain.
  } finally {
    if (reading === abort) reading = undefined;
  }
}
