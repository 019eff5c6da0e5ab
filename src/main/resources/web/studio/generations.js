// The generations that the page has read, and the list of the gallery. Each generation is one signal, so that a change renders only its own tile.
// While the page is visible, the list is read again: often while a generation is pending, otherwise every few seconds, so that generations of
// other tabs and clients appear too. Errors of reading are kept in the list; `call` describes them.

import { call } from './api.js';
import { getGeneration, listGenerations } from './client.js';
import { serverNow } from './clock.js';
import { connection } from './connection.js';
import { updateShown } from './live-generation.js';
import { onSessionEnd, session } from './session.js';
import { batch, signal } from './vendor.js';

/** @typedef {import('./client.js').Generation} Generation */
/** @typedef {{value: Generation, peek(): Generation}} GenerationSignal */
/** @typedef {{status?: import('./client.js').GenerationStatus, createdAfter?: string, createdBefore?: string}} Filter */

/**
 * `ids` are in the order of the list, newest first. `unseen` are newer ones that are not shown yet, because the user has scrolled down.
 * `state` is that of the last request.
 * @typedef {{filter: Filter, ids: string[], unseen: string[], nextCursor?: string, state: 'loading' | 'ready' | 'failed', error?: unknown}} List
 */

const PAGE_SIZE = 40;
const PENDING_POLL_MS = 1_500;
const IDLE_POLL_MS = 5_000;

/** The list that the gallery shows. */
export const list = signal(/** @type {List} */ ({ filter: {}, ids: [], unseen: [], state: 'loading' }));

/** The generation on the stage above the gallery: the last one that this page created. Its id, or an empty string. */
export const stagedId = signal('');

/** @type {Map<string, GenerationSignal>} */
const known = new Map();
/** Deleted generations, which a response that is still under way must not bring back. @type {Set<string>} */
const deleted = new Set();
/** Counts the lists, so that responses for an earlier filter are dropped. */
let listNumber = 0;
let loaded = false;

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
 * Shows a generation that this page has created: on the stage, and at the top of the list.
 * @param {Generation} generation
 */
export function addCreated(generation) {
  batch(() => {
    keepGeneration(generation);
    stagedId.value = generation.id;
    if (matches(generation, list.peek().filter)) {
      merge([generation], true);
    }
  });
  schedulePoll(PENDING_POLL_MS);
}

/**
 * Removes a deleted generation.
 * @param {string} id
 */
export function forgetGeneration(id) {
  deleted.add(id);
  known.delete(id);
  const current = list.peek();
  batch(() => {
    list.value = { ...current, ids: current.ids.filter((other) => other !== id), unseen: current.unseen.filter((other) => other !== id) };
    if (stagedId.peek() === id) {
      stagedId.value = '';
    }
  });
}

/**
 * Starts the list with a filter, from its first page.
 * @param {Filter} filter
 */
export async function showList(filter) {
  listNumber++;
  loaded = false;
  list.value = { filter, ids: [], unseen: [], state: 'loading' };
  await loadPage();
}

/** Loads the list once; later calls keep it. */
export async function ensureList() {
  if (!loaded && list.peek().state !== 'failed') {
    await showList(list.peek().filter);
  }
}

/** Loads the next page, or the page whose request failed. */
export async function loadMore() {
  const current = list.peek();
  if (current.state === 'loading' || (loaded && !current.nextCursor && current.state !== 'failed')) {
    return;
  }
  list.value = { ...current, state: 'loading', error: undefined };
  await loadPage();
}

async function loadPage() {
  const number = listNumber;
  const { filter, nextCursor } = list.peek();
  try {
    const page = await readPage({ ...filter, limit: PAGE_SIZE, ...(nextCursor && { cursor: nextCursor }) });
    if (number !== listNumber) {
      return;
    }
    loaded = true;
    batch(() => {
      merge(page.items, true);
      list.value = { ...list.peek(), nextCursor: page.nextCursor, state: 'ready', error: undefined };
    });
    schedulePoll();
  } catch (error) {
    if (number === listNumber) {
      list.value = { ...list.peek(), state: 'failed', error };
      schedulePoll();
    }
  }
}

/** @param {Record<string, any>} query */
async function readPage(query) {
  const page = await call(listGenerations, { query });
  const items = page.items.filter((item) => !deleted.has(item.id));
  for (const item of items) {
    keepGeneration(item);
  }
  return { items, nextCursor: page.nextCursor };
}

/**
 * Merges generations into the list by their order.
 * @param {Generation[]} items
 * @param {boolean} visible false keeps newer ones out of sight until `showUnseen`
 */
function merge(items, visible) {
  const current = list.peek();
  const ids = new Set(current.ids);
  const unseen = new Set(current.unseen);
  const added = items.filter((item) => !ids.has(item.id));
  if (added.length === 0) {
    return;
  }
  for (const item of added) {
    if (visible) {
      ids.add(item.id);
      unseen.delete(item.id);
    } else {
      unseen.add(item.id);
    }
  }
  if (visible || unseen.size !== current.unseen.length) {
    list.value = { ...current, ids: visible ? [...ids].sort(byNewest) : current.ids, unseen: [...unseen] };
  }
}

/** Shows the generations that came while the user had scrolled down. */
export function showUnseen() {
  const current = list.peek();
  list.value = { ...current, ids: [...new Set([...current.unseen, ...current.ids])].sort(byNewest), unseen: [] };
}

/**
 * @param {string} left
 * @param {string} right
 */
function byNewest(left, right) {
  return sortKey(right) < sortKey(left) ? -1 : 1;
}

/** @param {string} id */
function sortKey(id) {
  return `${known.get(id)?.peek().createdAt ?? ''} ${id}`;
}

/**
 * Whether a generation belongs to a list.
 * @param {Generation} generation
 * @param {Filter} filter
 */
export function matches(generation, filter) {
  return (
    (!filter.status || generation.status === filter.status) &&
    (!filter.createdAfter || Date.parse(generation.createdAt) > Date.parse(filter.createdAfter)) &&
    (!filter.createdBefore || Date.parse(generation.createdAt) < Date.parse(filter.createdBefore))
  );
}

/**
 * The neighbors of a generation in the order of the list: from the list where it contains it, otherwise from the service.
 * @param {Generation} generation
 * @returns {Promise<{newer?: string, older?: string}>}
 */
export async function findNeighbors(generation) {
  const { ids, nextCursor } = list.peek();
  const index = ids.indexOf(generation.id);
  if (index >= 0 && (index < ids.length - 1 || !nextCursor)) {
    return { newer: ids[index - 1], older: ids[index + 1] };
  }
  const [newer, older] = await Promise.all([
    readPage({ createdAfter: generation.createdAt, limit: 100 }),
    readPage({ createdBefore: generation.createdAt, limit: 1 }),
  ]);
  // The page has the newest ones. Without a further page, its last one is the neighbor.
  return { newer: newer.nextCursor ? undefined : newer.items.at(-1)?.id, older: older.items[0]?.id };
}

/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
let polling = false;

/** @param {number} [millis] */
function schedulePoll(millis = pendingIds().length ? PENDING_POLL_MS : IDLE_POLL_MS) {
  clearTimeout(timer);
  timer = setTimeout(poll, millis);
}

/** Reads the newest generations and the pending ones again. Also called when a notification says that a generation has ended. */
export async function poll() {
  if (polling) {
    return;
  }
  clearTimeout(timer);
  if (document.hidden || session.peek().state !== 'signedIn' || connection.peek() !== 'online') {
    return;
  }
  if (!loaded) {
    // The first page could not be read. Its error stays visible until it can.
    if (list.peek().state === 'failed') {
      await loadPage();
    }
    return;
  }
  polling = true;
  const number = listNumber;
  try {
    const newest = await readPage({ ...list.peek().filter, limit: PAGE_SIZE });
    if (number === listNumber) {
      await addNewest(newest, number);
    }
    await updatePending(new Set(newest.items.map((item) => item.id)));
  } catch {
    // The next poll reads the same again. The banner shows a lost connection.
  } finally {
    polling = false;
    schedulePoll();
  }
}

/**
 * @param {{items: Generation[], nextCursor?: string}} newest the first page
 * @param {number} number that of the list
 */
async function addNewest(newest, number) {
  const { ids, unseen, filter } = list.peek();
  const shown = new Set([...ids, ...unseen]);
  if (ids.length && newest.nextCursor && !newest.items.some((item) => shown.has(item.id))) {
    // More than a page is new: the list starts again.
    await showList(filter);
    return;
  }
  if (number === listNumber) {
    merge(newest.items, scrollY < innerHeight / 2);
  }
}

/** @param {Set<string>} fresh the ids that were just read */
async function updatePending(fresh) {
  const stale = pendingIds().filter((id) => !fresh.has(id));
  if (stale.length === 0) {
    return;
  }
  const pending = await readPage({ status: 'PENDING', limit: 100 });
  const stillPending = new Set(pending.items.map((item) => item.id));
  for (const id of stale.filter((candidate) => !stillPending.has(candidate)).slice(0, 20)) {
    try {
      await readGeneration(id);
    } catch (error) {
      if (/** @type {{status?: number}} */ (error).status === 404) {
        forgetGeneration(id);
      } else {
        throw error;
      }
    }
  }
}

function pendingIds() {
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

/** Starts reading again when the page becomes visible, and forgets everything at the end of the session. Called once. */
export function startGenerations() {
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) {
      poll();
    }
  });
  connection.subscribe((state) => {
    if (state === 'online') {
      poll();
    }
  });
  session.subscribe(({ state }) => {
    if (state === 'signedIn') {
      poll();
    }
  });
  onSessionEnd(() => {
    listNumber++;
    loaded = false;
    known.clear();
    batch(() => {
      stagedId.value = '';
      list.value = { filter: {}, ids: [], unseen: [], state: 'loading' };
    });
  });
}
