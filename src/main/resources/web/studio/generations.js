// The generations that the page has read. Each one is a signal, so that a change renders only its own tile.

import { call } from './api.js';
import { getGeneration } from './client.js';
import { serverNow } from './clock.js';
import { updateShown } from './live-generation.js';
import { onSessionEnd } from './session.js';
import { signal } from './vendor.js';

/** @typedef {import('./client.js').Generation} Generation */
/** @typedef {{value: Generation, peek(): Generation}} GenerationSignal */

/** @type {Map<string, GenerationSignal>} */
const known = new Map();
/** Deleted generations, which a response that is still under way must not bring back. @type {Set<string>} */
const deleted = new Set();

/**
 * The signal of a generation, or undefined if the page has not read it.
 * @param {string} id
 */
export function knownGeneration(id) {
  return known.get(id);
}

/**
 * Stores a generation that was read, unless a later state is known.
 * @param {Generation} generation
 * @returns {GenerationSignal}
 */
export function keepGeneration(generation) {
  const existing = known.get(generation.id);
  if (!existing) {
    const created = signal(generation);
    known.set(generation.id, created);
    return created;
  }
  const old = existing.peek();
  if (old.updatedAt < generation.updatedAt || (old.updatedAt === generation.updatedAt && isRicher(generation, old))) {
    existing.value = generation;
  }
  return existing;
}

/**
 * Whether a state with the same time has more: an attempt that started, or the position in the queue, which lists do not have.
 * @param {Generation} next
 * @param {Generation} old
 */
function isRicher(next, old) {
  if (old.status !== 'PENDING') {
    return false;
  }
  const nextText = JSON.stringify(next.attempts);
  return next.attempts.length >= old.attempts.length && (nextText !== JSON.stringify(old.attempts) || next.queuePosition !== undefined);
}

/**
 * Reads a generation.
 * @param {string} id
 * @param {AbortSignal} [abort]
 * @returns {Promise<Generation>}
 * @throws {import('./api.js').ProblemError | import('./api.js').ConnectionError}
 */
export async function readGeneration(id, abort) {
  const generation = await call(getGeneration, { path: { generationId: id }, signal: abort });
  keepGeneration(generation);
  return generation;
}

/**
 * Stores the generations of a page, except for deleted ones.
 * @param {Generation[]} items
 * @returns {Generation[]} the stored ones
 */
export function keepGenerations(items) {
  const kept = items.filter((item) => !deleted.has(item.id));
  for (const item of kept) {
    keepGeneration(item);
  }
  return kept;
}

/**
 * Removes a deleted generation.
 * @param {string} id
 */
export function removeGeneration(id) {
  deleted.add(id);
  known.delete(id);
}

/** The ids of the generations that had not ended when they were read. */
export function pendingIds() {
  return [...known].filter(([, generation]) => generation.peek().status === 'PENDING').map(([id]) => id);
}

/**
 * Whether the signature of an image URL has expired, or will within a minute.
 * @param {string} url
 */
export function isExpired(url) {
  const expires = Number(new URL(url, location.href).searchParams.get('expires'));
  return expires > 0 && expires * 1_000 < serverNow() + 60_000;
}

/**
 * Reads a generation again, because its image URLs have expired.
 * @param {string} id
 */
export async function renewImageUrls(id) {
  const generation = await call(getGeneration, { path: { generationId: id } });
  const existing = known.get(id);
  if (existing) {
    existing.value = generation;
  } else {
    keepGeneration(generation);
  }
  updateShown(generation);
}

/**
 * Reads a generation again if its image URLs have expired. A failed read leaves them as they are.
 * @param {Pick<Generation, 'id' | 'images'>} generation
 */
export function renewExpiredUrls({ id, images }) {
  if (images?.some(({ url }) => isExpired(url))) {
    renewImageUrls(id).catch(() => {});
  }
}

onSessionEnd(() => known.clear());
