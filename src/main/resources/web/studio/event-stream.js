// Follows one event stream of the service: reconnects with `Last-Event-ID` after a lost connection, and stops when the stream has ended, is refused
// or its signal is aborted. A connection without a byte for 45 s is dead: the service sends a comment or a ping at least every 30 s.

import { onNetworkChange, reportReachable, reportUnreachable, whenReachable } from './connection.js';
import { retryAfterMs } from './api.js';
import { backoff, delay } from './timing.js';

/**
 * @typedef {object} StreamEvent
 * @property {string} name empty for the frame that only has a position
 * @property {string} id the id of this or of the last event with one; empty before the first one
 * @property {any} data the parsed data
 */

/**
 * Why a stream stopped.
 * - `ended`: no events follow
 * - `unauthorized`: the credentials are not valid, or no longer
 * - `refused`: too many streams, a limit, or a proxy that keeps events back. Poll instead, and try again after `retryMs`
 * - `notFound`: there is nothing to stream
 * - `aborted`: by the signal
 * @typedef {{reason: 'ended' | 'unauthorized' | 'refused' | 'notFound' | 'aborted', retryMs: number}} StreamEnd
 */

const DEAD_AFTER_MS = 45_000;
/** The time in which a stream must send its first event. A proxy that collects responses exceeds it. */
const FIRST_EVENT_MS = 5_000;
const REFUSED_RETRY_MS = 30_000;

/**
 * @param {object} stream
 * @param {(options: any) => Promise<any>} stream.operation `streamNotifications` or `streamGenerationEvents`
 * @param {object} [stream.path]
 * @param {string} [stream.lastEventId] the position after which the stream begins
 * @param {AbortSignal} stream.signal
 * @param {(event: StreamEvent) => void} stream.onEvent
 * @param {(connected: boolean) => void} [stream.onConnected] with `true` after the first event of each connection, `false` after its loss
 * @returns {Promise<StreamEnd>} never rejected
 */
export async function followEvents({ operation, path, lastEventId, signal, onEvent, onConnected = () => {} }) {
  let position = lastEventId ?? '';
  let retryMs = 3_000;
  let failures = 0;
  try {
    for (;;) {
      await whenReachable(signal);
      const outcome = await connectOnce({
        operation,
        path,
        position,
        signal,
        onEvent(event) {
          if (event.id) position = event.id;
          failures = 0;
          onEvent(event);
        },
        onConnected,
      });
      onConnected(false);
      if (outcome.retryMs) retryMs = outcome.retryMs;
      if (outcome.reason !== 'lost') return { reason: outcome.reason, retryMs };
      // The first repetition follows soon, since most connections are lost by a restart or an idle time.
      await delay(outcome.retryMs ? retryMs : backoff(failures++, 500, 10 * retryMs), signal);
    }
  } catch {
    return { reason: 'aborted', retryMs };
  }
}

/**
 * @param {object} connection
 * @param {(options: any) => Promise<any>} connection.operation
 * @param {object | undefined} connection.path
 * @param {string} connection.position
 * @param {AbortSignal} connection.signal
 * @param {(event: StreamEvent) => void} connection.onEvent
 * @param {(connected: boolean) => void} connection.onConnected
 * @returns {Promise<{reason: StreamEnd['reason'] | 'lost', retryMs?: number}>}
 * @throws the reason of the signal
 */
async function connectOnce({ operation, path, position, signal, onEvent, onConnected }) {
  const stop = new AbortController();
  /** @type {{reason: StreamEnd['reason'] | 'lost', retryMs?: number} | undefined} */
  let outcome;
  /** @type {Response | undefined} */
  let response;
  let events = 0;

  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let watchdog;
  const watch = (/** @type {number} */ ms) => {
    clearTimeout(watchdog);
    watchdog = setTimeout(() => {
      outcome ??= events === 0 ? { reason: 'refused', retryMs: REFUSED_RETRY_MS } : { reason: 'lost' };
      if (!response) reportUnreachable();
      stop.abort();
    }, ms);
  };
  const stopListening = onNetworkChange(() => {
    // The network may have changed, which leaves a connection that is dead without a sign.
    outcome ??= { reason: 'lost' };
    stop.abort();
  });

  watch(FIRST_EVENT_MS);
  try {
    const { stream } = await operation({
      path,
      headers: position ? { 'Last-Event-ID': position } : {},
      signal: AbortSignal.any([signal, stop.signal]),
      sseMaxRetryAttempts: 1,
      fetch: async (/** @type {Request} */ request) => {
        try {
          response = await fetch(request);
        } catch (error) {
          if (!request.signal.aborted) reportUnreachable();
          throw error;
        }
        reportReachable();
        outcome = outcomeOf(response);
        if (outcome) throw new Error(`no stream: ${response.status}`);
        return response;
      },
      onSseEvent(/** @type {import('./client.js').SentEvent} */ { event: name = '', id = '', data }) {
        watch(DEAD_AFTER_MS);
        if (data === undefined) return; // a comment
        if (events++ === 0) onConnected(true);
        if (name === 'close') {
          outcome = outcomeOfClose(data);
        } else {
          onEvent({ name, id, data });
        }
      },
    });
    for await (const ignored of stream) void ignored;
  } finally {
    clearTimeout(watchdog);
    stopListening();
  }
  signal.throwIfAborted();
  return outcome ?? { reason: 'lost' };
}

/**
 * @param {Response} response
 * @returns {{reason: StreamEnd['reason'], retryMs?: number} | undefined} undefined if the response is a stream
 */
function outcomeOf(response) {
  if (response.status === 204) return { reason: 'ended' };
  if (response.status === 401) return { reason: 'unauthorized' };
  if (response.status === 404) return { reason: 'notFound' };
  if (response.ok && response.headers.get('Content-Type')?.startsWith('text/event-stream')) return undefined;
  return { reason: 'refused', retryMs: Math.max(retryAfterMs(response), REFUSED_RETRY_MS / 6) };
}

/**
 * @param {import('./client.js').StreamClose} close
 * @returns {{reason: StreamEnd['reason'] | 'lost', retryMs?: number}}
 */
function outcomeOfClose({ reason, retryMs }) {
  switch (reason) {
    case 'ENDED':
      return { reason: 'ended' };
    case 'UNAUTHORIZED':
      return { reason: 'unauthorized' };
    // A reconnection would close a newer stream of the user.
    case 'TOO_MANY_STREAMS':
      return { reason: 'refused', retryMs: REFUSED_RETRY_MS };
    case 'AT_CAPACITY':
      return { reason: 'refused', retryMs: Math.max(retryMs, 1_000) };
    default:
      return { reason: 'lost', retryMs: Math.max(retryMs, 100) };
  }
}
