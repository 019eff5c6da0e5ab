import { call, errorText, ProblemError, submit } from '../../api.js';
import { createGeneration, getAllBackends, getGeneration, listGenerations } from '../../client.js';
import { serverNow } from '../../clock.js';
import { onNotification } from '../../notifications.js';
import { endFaults, readScript, startFault } from '../../simulator.js';
import { computed, signal } from '../../vendor.js';

// The state of the page "Break it": the script of the simulator, the generations of the demonstration and the AI server. Outlives the view, so
// that the demonstration goes on while another page is open. A reload finds its generations again by their metadata.

/** @typedef {import('../../client.js').Generation} Generation */
/** @typedef {import('../../client.js').BackendOnNode} BackendOnNode */

const METADATA = { source: 'break-it' };
const IMAGE_SIDE = 256;
const MAX_LISTED = 100;

/** Generations that a reload finds again are at most this old. */
const RELOAD_MILLIS = 10 * 60_000;

const PROMPTS = [
  'A lighthouse in the fog',
  'A red bridge at night',
  'Boats at low tide',
  'A greenhouse in winter',
  'Mountains at dusk',
  'A market in the rain',
  'An empty theater',
  'A valley before a storm',
  'Snow on a harbor',
  'A library at noon',
];

/** The remaining steps of the script. */
export const script = signal(/** @type {import('../../simulator.js').ScriptStep[]} */ ([]));

/** The generations of the demonstration, newest first. */
export const generations = signal(/** @type {Generation[]} */ ([]));

/** Ids of accepted generations that the service does not know any more. */
const missing = signal(/** @type {string[]} */ ([]));

/** Ids of generations of which a notification has reported the end. Such a generation can be deleted, by another tab or client. */
const ended = signal(/** @type {ReadonlySet<string>} */ (new Set()));
onNotification(({ type, data }) => {
  if (type === 'generation.ended' && data.generationId) {
    ended.value = new Set(ended.peek()).add(data.generationId);
  }
});

/** The state of the AI server in the process that calls it; null before the first answer. */
export const backend = signal(/** @type {BackendOnNode | null} */ (null));

/** Why the last refresh or action failed; empty after a success. */
export const problem = signal('');

/** The numbers of the demonstration. Each accepted generation is in one of the other groups; `lost` must be 0. */
export const counters = computed(() => {
  const count = (/** @type {string} */ status) => generations.value.filter((generation) => generation.status === status).length;
  const waiting = count('PENDING');
  const completed = count('COMPLETE');
  const lost = missing.value.filter((id) => !ended.value.has(id)).length;
  return {
    accepted: generations.value.length + lost,
    waiting,
    completed,
    failed: generations.value.length - waiting - completed,
    lost,
  };
});

/** Whether something changes without an action of the user. */
export const active = computed(
  () =>
    script.value.length > 0 ||
    counters.value.waiting > 0 ||
    (backend.value !== null && (backend.value.breaker !== 'CLOSED' || backend.value.retryAfterMs > 0)),
);

let nextPrompt = 0;
let restored = false;

/** Reads the script, the AI server and the unfinished generations. */
export async function refresh() {
  const results = await Promise.allSettled([readScript().then((steps) => (script.value = steps)), refreshBackend(), refreshGenerations()]);
  const failed = results.find((result) => result.status === 'rejected');
  problem.value = failed ? errorText(failed.reason) : '';
}

async function refreshBackend() {
  const { backends } = await call(getAllBackends);
  backend.value = backends[0]?.nodes[0] ?? null;
}

async function refreshGenerations() {
  if (!restored) {
    await restore();
    return;
  }
  const waiting = generations.peek().filter((generation) => generation.status === 'PENDING');
  const oldest = waiting.at(-1);
  if (!oldest) {
    return;
  }
  const createdAfter = new Date(Date.parse(oldest.createdAt) - 1).toISOString();
  const page = await call(listGenerations, { query: { createdAfter, limit: MAX_LISTED } });
  const listed = new Map(page.items.map((generation) => [generation.id, generation]));
  for (const { id } of waiting.filter((generation) => !listed.has(generation.id))) {
    const found = await find(id);
    if (found) {
      listed.set(id, found);
    } else {
      missing.value = [...missing.peek(), id];
    }
  }
  generations.value = generations
    .peek()
    .filter((generation) => !missing.peek().includes(generation.id))
    .map((generation) => listed.get(generation.id) ?? generation);
}

/** Finds the generations that this page created before a reload. */
async function restore() {
  const createdAfter = new Date(serverNow() - RELOAD_MILLIS).toISOString();
  const page = await call(listGenerations, { query: { createdAfter, limit: MAX_LISTED } });
  restored = true;
  const known = new Set(generations.peek().map((generation) => generation.id));
  const found = page.items.filter((generation) => generation.metadata?.['source'] === METADATA.source && !known.has(generation.id));
  generations.value = [...generations.peek(), ...found];
  nextPrompt = generations.peek().length;
}

/** @param {string} id @returns {Promise<Generation | null>} null when the service does not know it */
async function find(id) {
  try {
    return await call(getGeneration, { path: { generationId: id } });
  } catch (error) {
    if (error instanceof ProblemError && error.status === 404) {
      return null;
    }
    throw error;
  }
}

/** Creates generations. @param {number} count */
export async function send(count) {
  const sent = Array.from({ length: count }, async () => {
    const prompt = /** @type {string} */ (PROMPTS[nextPrompt++ % PROMPTS.length]);
    const created = await submit(createGeneration, { body: { prompt, width: IMAGE_SIDE, height: IMAGE_SIDE, metadata: METADATA } });
    generations.value = [created, ...generations.peek().filter((generation) => generation.id !== created.id)];
  });
  await act(Promise.all(sent));
}

/**
 * Breaks the AI server.
 *
 * @param {import('../../simulator.js').Fault} fault
 * @param {number} times number of calls
 */
export async function breakServer(fault, times) {
  await act(startFault(fault, times).then((steps) => (script.value = steps)));
}

/** Makes the AI server healthy again. */
export async function healServer() {
  await act(endFaults().then(() => (script.value = [])));
}

/** Forgets the generations that have ended. They stay in the gallery. */
export function clearEnded() {
  generations.value = generations.peek().filter((generation) => generation.status === 'PENDING');
}

/** @param {Promise<unknown>} action */
async function act(action) {
  try {
    await action;
    problem.value = '';
  } catch (error) {
    problem.value = errorText(error);
  }
}
