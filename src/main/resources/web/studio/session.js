// The user of this tab. Without authentication it is the user of the service. With it, the API key of the user is kept in memory and in
// sessionStorage, so that a reload keeps it; never in a URL, in localStorage or in a cookie. Another tab has its own session, until the user
// signs out: that ends the sessions of this user in all tabs.

import { call, ConnectionError, errorText, onUnauthorized, ProblemError, setApiKey } from './api.js';
import { getCurrentUser } from './client.js';
import { whenReachable } from './connection.js';
import { authRequired } from './page.js';
import { backoff, delay } from './timing.js';
import { signal } from './vendor.js';

/** @typedef {import('./client.js').CurrentUser} User */

/**
 * - `starting`: the stored key is being verified. `notice` says why that takes time
 * - `signedOut`: an API key is needed. `notice` says why the last session ended, if the user did not end it
 * - `signedIn`
 * @typedef {{state: 'starting', notice?: string} | {state: 'signedOut', notice?: string} | {state: 'signedIn', user: User}} Session
 */

const STORED_KEY = 'darkroom.apiKey';

/** The session of this tab. */
export const session = signal(/** @type {Session} */ ({ state: 'starting' }));

/** @type {Set<() => void>} */
const endListeners = new Set();
/** The user of the current or the last session. */
let lastUser = '';

const channel = globalThis.BroadcastChannel && globalThis.document ? new BroadcastChannel('darkroom-session') : undefined;

/**
 * Calls a function when drafts and other private data must be discarded: on signing out, and when another user signs in. Not when the API key
 * expired or was revoked, because the same user may sign in again with another one.
 * @param {() => void} listener
 * @returns {() => void} removes the listener
 */
export function onSessionEnd(listener) {
  endListeners.add(listener);
  return () => endListeners.delete(listener);
}

/** Starts the session of the page: verifies the stored key, if one is needed. Called once. */
export async function startSession() {
  onUnauthorized(expire);
  channel?.addEventListener('message', ({ data }) => {
    const current = session.peek();
    if (data.type === 'signedOut' && current.state === 'signedIn' && current.user.name === data.user) end();
  });
  const key = authRequired ? readKey() : undefined;
  if (authRequired && !key) {
    session.value = { state: 'signedOut' };
    return;
  }
  let failures = 0;
  for (;;) {
    try {
      await signIn(key);
      return;
    } catch (error) {
      if (error instanceof ConnectionError) {
        await whenReachable();
      } else if (error instanceof ProblemError && (error.status === 429 || error.status >= 500)) {
        // The key may be valid: asking for it again would not help.
        session.value = { state: 'starting', notice: errorText(error) };
        await delay(Math.max(error.retryAfterMs, backoff(failures++, 1_000, 15_000)));
      } else if (error instanceof ProblemError && error.status === 401) {
        expire(key);
        return;
      } else {
        session.value = { state: 'signedOut', notice: error instanceof Error ? error.message : String(error) };
        return;
      }
    }
  }
}

/**
 * Signs in with an API key after verifying it.
 * @param {string | undefined} key
 * @throws {ProblemError | import('./api.js').ConnectionError} with the status 401 if the key is invalid
 */
export async function signIn(key) {
  setApiKey(key);
  let user;
  try {
    user = await call(getCurrentUser);
  } catch (error) {
    if (key !== undefined && !(error instanceof ConnectionError && readKey() === key)) setApiKey(undefined);
    throw error;
  }
  if (key !== undefined) writeKey(key);
  if (lastUser && lastUser !== user.name) discard();
  lastUser = user.name;
  session.value = { state: 'signedIn', user };
}

/** Signs out in all tabs of the user: forgets the key and discards private data. */
export function signOut() {
  const current = session.peek();
  if (current.state === 'signedIn') channel?.postMessage({ type: 'signedOut', user: current.user.name });
  end();
}

function end() {
  forgetKey();
  session.value = { state: 'signedOut' };
  discard();
}

/**
 * Ends the session because the service rejects its key.
 * @param {string | undefined} key the rejected key
 */
function expire(key) {
  if (!authRequired || key === undefined || session.peek().state === 'signedOut') return;
  if (readKey() !== key) return;
  forgetKey();
  session.value = { state: 'signedOut', notice: 'The API key is no longer valid. Sign in again to continue.' };
}

function discard() {
  lastUser = '';
  for (const listener of [...endListeners]) listener();
}

// sessionStorage throws when the browser blocks storage; the key then lives until the page is left.
/** @type {string | undefined} */
let keyInMemory;

function readKey() {
  try {
    return sessionStorage.getItem(STORED_KEY) ?? keyInMemory;
  } catch {
    return keyInMemory;
  }
}

/** @param {string} key */
function writeKey(key) {
  keyInMemory = key;
  try {
    sessionStorage.setItem(STORED_KEY, key);
  } catch {
    // Kept in memory.
  }
}

function forgetKey() {
  keyInMemory = undefined;
  setApiKey(undefined);
  try {
    sessionStorage.removeItem(STORED_KEY);
  } catch {
    // Nothing was stored.
  }
}
