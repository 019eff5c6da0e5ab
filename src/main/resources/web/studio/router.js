import { signal } from './vendor.js';

/**
 * A page of the studio, as the hash of the URL names it.
 *
 * @typedef {{view: 'studio' | 'admin' | 'break-it' | 'unknown', id?: undefined} | {view: 'generation', id: string}} Route
 */

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** @type {Map<string, number>} */
const scrollPositions = new Map();

/** The current page. */
export const route = signal(parseRoute(location.hash));

/**
 * @param {string} hash
 * @returns {Route}
 */
function parseRoute(hash) {
  const path = hash.replace(/^#/, '').split('?')[0] || '/';
  const [first, second, ...rest] = path.split('/').slice(1);
  if (path === '/') {
    return { view: 'studio' };
  }
  if (first === 'generations' && second && UUID.test(second) && rest.length === 0) {
    return { view: 'generation', id: second.toLowerCase() };
  }
  if ((first === 'admin' || first === 'break-it') && second === undefined) {
    return { view: first };
  }
  return { view: 'unknown' };
}

/**
 * The URL of the page of a generation.
 *
 * @param {string} id
 */
export function generationHref(id) {
  return `#/generations/${id}`;
}

/**
 * Opens a page.
 *
 * @param {string} hash such as `#/`
 */
export function navigate(hash) {
  location.hash = hash;
}

/** Opens a page in place of the current one, which the back button then skips. @param {string} hash */
export function replaceRoute(hash) {
  history.replaceState(null, '', hash);
  followHash();
}

/** The scroll position at which the current page was left, in pixels. */
export function storedScrollPosition() {
  return scrollPositions.get(location.hash || '#/') ?? 0;
}

/** Follows changes of the URL from now on. */
export function startRouter() {
  history.scrollRestoration = 'manual';
  let current = location.hash || '#/';
  addEventListener('scroll', () => scrollPositions.set(current, scrollY), { passive: true });
  addEventListener('hashchange', () => {
    current = location.hash || '#/';
    followHash();
  });
}

function followHash() {
  const next = parseRoute(location.hash);
  const previous = route.peek();
  if (next.view !== previous.view || next.id !== previous.id) {
    route.value = next;
  }
}
