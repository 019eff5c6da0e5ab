// Whether the service can be reached. Requests and streams report what they see. While the service cannot be reached, this module is the only one
// that asks for it again, with a growing random delay and at once when the browser is back online; all others wait for `whenReachable`.
// Throws nothing. Lives as long as the page.

import { backoff } from './timing.js';
import { signal } from './vendor.js';

/**
 * - `online`: the last request got a response
 * - `offline`: the last request got none, and the browser has no network
 * - `reconnecting`: the last request got none
 * @typedef {'online' | 'offline' | 'reconnecting'} ConnectionState
 */

/** The state of the connection. */
export const connection = signal(/** @type {ConnectionState} */ ('online'));

/** The time of the next check, or 0: milliseconds since the epoch, while the service cannot be reached. */
export const nextCheckAt = signal(0);

/** @type {() => Promise<unknown>} */
let probe = () => Promise.resolve();
/** @type {Set<() => void>} */
const waiting = new Set();
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
let attempt = 0;
let probing = false;

/**
 * Sets the request that checks the connection. It must report its own result.
 * @param {() => Promise<unknown>} request
 */
export function probeWith(request) {
  probe = request;
}

/** Reports a response of the service, with any status. */
export function reportReachable() {
  if (connection.peek() === 'online') return;
  clearTimeout(timer);
  attempt = 0;
  nextCheckAt.value = 0;
  connection.value = 'online';
  for (const resolve of [...waiting]) resolve();
}

/** Reports a request without a response. */
export function reportUnreachable() {
  const wasOnline = connection.peek() === 'online';
  connection.value = globalThis.navigator?.onLine === false ? 'offline' : 'reconnecting';
  if (wasOnline) schedule();
}

/** Checks the connection at once. */
export async function checkNow() {
  if (probing) return;
  clearTimeout(timer);
  probing = true;
  try {
    await probe();
  } catch {
    // The request has reported its failure.
  } finally {
    probing = false;
    if (connection.peek() !== 'online') schedule();
  }
}

function schedule() {
  clearTimeout(timer);
  const ms = backoff(attempt++, 1_000, 15_000);
  nextCheckAt.value = Date.now() + ms;
  timer = setTimeout(checkNow, ms);
}

/**
 * Waits until the service can be reached; not at all if it can.
 * @param {AbortSignal} [abort] ends the wait; the promise is then rejected with its reason
 * @returns {Promise<void>}
 */
export function whenReachable(abort) {
  return new Promise((resolve, reject) => {
    if (abort?.aborted) {
      reject(abort.reason);
      return;
    }
    if (connection.peek() === 'online') {
      resolve();
      return;
    }
    const done = () => {
      waiting.delete(done);
      abort?.removeEventListener('abort', stop);
      resolve();
    };
    const stop = () => {
      waiting.delete(done);
      reject(abort?.reason);
    };
    waiting.add(done);
    abort?.addEventListener('abort', stop, { once: true });
  });
}

/**
 * Calls a function when the browser is back online. Its connections may be dead then, without a sign.
 * @param {() => void} listener
 * @returns {() => void} removes the listener
 */
export function onNetworkChange(listener) {
  globalThis.window?.addEventListener('online', listener);
  return () => globalThis.window?.removeEventListener('online', listener);
}

// Without a network, a service on this machine still responds. So both events only cause a check.
globalThis.window?.addEventListener('online', checkNow);
globalThis.window?.addEventListener('offline', checkNow);
