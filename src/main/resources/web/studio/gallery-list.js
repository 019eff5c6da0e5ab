// The list of the gallery, and the generation on the stage above it. Errors of reading are kept in the list; `call` describes them.

import { call } from './api.js';
import { listGenerations } from './client.js';
import { keepGeneration, keepGenerations, knownGeneration, pendingIds, readGeneration, removeGeneration } from './generations.js';
import { onSessionEnd } from './session.js';
import { batch, signal } from './vendor.js';

/** @typedef {import('./client.js').Generation} Generation */
/** @typedef {{status?: import('./client.js').GenerationStatus, createdAfter?: string, createdBefore?: string}} Filter */

/**
 * `ids` are in the order of the list, newest first. `unseen` are newer ones that are not shown yet, because the user has scrolled down.
 * `state` tells how the last request went.
 * @typedef {{filter: Filter, ids: string[], unseen: string[], nextCursor?: string, state: 'loading' | 'ready' | 'failed', error?: unknown}} List
 */

const PAGE_SIZE = 40;

/** The list that the gallery shows. */
export const list = signal(/** @type {List} */ ({ filter: {}, ids: [], unseen: [], state: 'loading' }));

/** The generation on the stage above the gallery: the last one that this page created. Its id, or an empty string. */
export const stagedId = signal('');

/** Counts the lists, so that responses for an earlier filter are dropped. */
let listNumber = 0;
/** Whether the first page has been read. */
let loaded = false;

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
}

/**
 * Removes a deleted generation.
 * @param {string} id
 */
export function forgetGeneration(id) {
  removeGeneration(id);
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
  } catch (error) {
    if (number === listNumber) {
      list.value = { ...list.peek(), state: 'failed', error };
    }
  }
}

/** @param {Record<string, any>} query */
async function readPage(query) {
  const page = await call(listGenerations, { query });
  return { items: keepGenerations(page.items), nextCursor: page.nextCursor };
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
  return `${knownGeneration(id)?.peek().createdAt ?? ''} ${id}`;
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
  // The list is read again only while the gallery is shown, so newer generations may exist than its first one.
  if (index > 0 && (index < ids.length - 1 || !nextCursor)) {
    return { newer: ids[index - 1], older: ids[index + 1] };
  }
  const [newer, older] = await Promise.all([
    readPage({ createdAfter: generation.createdAt, limit: 100 }),
    readPage({ createdBefore: generation.createdAt, limit: 1 }),
  ]);
  // The page has the newest ones. Without a further page, its last one is the neighbor.
  return { newer: newer.nextCursor ? undefined : newer.items.at(-1)?.id, older: older.items[0]?.id };
}

/** Reads the newest generations and the pending ones again, or the first page until it could be read. Calls must not overlap. */
export async function refreshList() {
  if (!loaded) {
    await loadPage();
    return;
  }
  const number = listNumber;
  const ended = endedIds();
  try {
    const newest = await readPage({ ...list.peek().filter, limit: PAGE_SIZE });
    if (number === listNumber) {
      forgetMissing(newest, ended);
      await addNewest(newest, number);
    }
    await updatePending(new Set(newest.items.map((item) => item.id)));
  } catch {
    // The next refresh reads the same again. The banner shows a lost connection.
  }
}

/** The generations of the list that have ended. They match its filter for good. */
function endedIds() {
  const { ids, unseen, filter } = list.peek();
  return [...ids, ...unseen].filter((id) => {
    const generation = knownGeneration(id)?.peek();
    return generation && generation.status !== 'PENDING' && matches(generation, filter);
  });
}

/**
 * Forgets the generations that other clients have deleted: those that are newer than the end of the first page, and that the page lacks.
 * @param {{items: Generation[], nextCursor?: string}} newest the first page
 * @param {string[]} ended the ended generations of the list before the page was read
 */
function forgetMissing({ items, nextCursor }, ended) {
  const last = items.at(-1);
  if (nextCursor && !last) {
    return;
  }
  const end = nextCursor && last ? last.createdAt : '';
  const listed = new Set(items.map((item) => item.id));
  for (const id of ended) {
    if (!listed.has(id) && (knownGeneration(id)?.peek().createdAt ?? '') > end) {
      forgetGeneration(id);
    }
  }
}

/**
 * @param {{items: Generation[], nextCursor?: string}} newest the first page
 * @param {number} number counts the lists
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

onSessionEnd(() => {
  listNumber++;
  loaded = false;
  batch(() => {
    stagedId.value = '';
    list.value = { filter: {}, ids: [], unseen: [], state: 'loading' };
  });
});
