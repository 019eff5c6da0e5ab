// Generations that change while they are shown. `useGeneration(id)` returns the live state of one; components that show the same one share it.
//
// A pending generation is followed by its event stream. A browser opens at most six connections to an HTTP/1.1 server, over all tabs, so at most
// two streams are open in all tabs together: further generations are polled, one after the other, and take over a stream when one is free. All are
// read again when the shared notification stream reports their end. In a hidden tab there are neither streams nor polls. Everything stops when the
// last component is unmounted or the session ends.

import { call, callForResponse, ConnectionError, ProblemError, reportUnauthorized, retryAfterMs } from './api.js';
import { getGeneration, streamGenerationEvents } from './client.js';
import { serverNow } from './clock.js';
import { whenReachable } from './connection.js';
import { followEvents } from './event-stream.js';
import { onNotification } from './notifications.js';
import { delay } from './timing.js';
import { signal, useEffect, useMemo } from './vendor.js';

/** @typedef {import('./client.js').Generation} Generation */
/** @typedef {import('./client.js').GenerationEvent} GenerationEvent */

/**
 * - `loading`: not read yet
 * - `live`: its event stream is open
 * - `polling`: read at intervals, since there are too many streams or they are refused
 * - `ended`: it does not change any more
 * - `failed`: it cannot be read, see `error`; 404 when it was deleted
 * @typedef {'loading' | 'live' | 'polling' | 'ended' | 'failed'} LiveState
 */

const STREAM_SLOTS = 2;
const MIN_POLL_MS = 1_000;
/** The interval at which the queue position of a waiting generation is read beside its stream, which does not report it. */
const POSITION_MS = 3_000;

/** The time before which no stream is opened, because one was refused. */
let streamsRefusedUntil = 0;

/** The generations of mounted components. @type {Map<string, LiveGeneration>} */
const shown = new Map();

/**
 * Returns the live state of a generation while the component is mounted.
 * @param {string} id
 * @param {Generation} [known] a state that was read before, such as that of a list
 * @returns {LiveGeneration}
 */
export function useGeneration(id, known) {
  const live = useMemo(() => {
    const shared = shown.get(id) ?? new LiveGeneration(id, known);
    shown.set(id, shared);
    return shared;
  }, [id]);
  useEffect(() => live.show(), [live]);
  return live;
}

/**
 * Updates the components that show a generation, if there are any, with a newer state that was read elsewhere.
 * @param {Generation} generation
 */
export function updateShown(generation) {
  shown.get(generation.id)?.update(generation);
}

/** A generation that changes. Its signals can be read at any time. */
export class LiveGeneration {
  /**
   * @param {string} id
   * @param {Generation} [known]
   */
  constructor(id, known) {
    this.id = id;
    /** The newest state, or null before it was read. */
    this.generation = signal(/** @type {Generation | null} */ (known ?? null));
    this.state = signal(/** @type {LiveState} */ (known && known.status !== 'PENDING' ? 'ended' : 'loading'));
    /** Why it cannot be read. */
    this.error = signal(/** @type {Error | null} */ (null));
    this.users = 0;
    /** @type {AbortController | undefined} */
    this.running = undefined;
    /** @type {Promise<void> | undefined} */
    this.reading = undefined;
    this.readAgain = false;
  }

  /**
   * Follows the generation until the returned function is called.
   * @returns {() => void}
   */
  show() {
    this.users++;
    shown.set(this.id, this);
    this.start();
    return () => {
      if (--this.users > 0) return;
      this.stop();
      if (shown.get(this.id) === this) shown.delete(this.id);
    };
  }

  /**
   * Replaces the state by a newer one, such as the response of `cancelGeneration`.
   * @param {Generation} generation
   */
  update(generation) {
    // An ended generation does not change, so this is the late response of an earlier request.
    if (generation.status === 'PENDING' && this.state.peek() === 'ended') return;
    this.generation.value = withProgressOf(this.generation.peek(), generation);
    if (generation.status !== 'PENDING') this.state.value = 'ended';
  }

  /**
   * Reads the generation. Concurrent calls share one request; a call during a request causes one more.
   * @returns {Promise<void>} never rejected
   */
  refresh() {
    if (this.reading) {
      this.readAgain = true;
      return this.reading;
    }
    this.reading = this.read().finally(() => {
      this.reading = undefined;
    });
    return this.reading;
  }

  async read() {
    do {
      this.readAgain = false;
      try {
        const generation = await call(getGeneration, { path: { generationId: this.id }, signal: this.running?.signal });
        this.error.value = null;
        this.update(generation);
      } catch (error) {
        if (error instanceof ProblemError && error.status !== 401) this.error.value = error;
        if (error instanceof ProblemError && error.status === 404) this.state.value = 'failed';
      }
    } while (this.readAgain);
  }

  start() {
    if (this.running || globalThis.document?.hidden || this.state.peek() === 'ended') return;
    this.running = new AbortController();
    void this.follow(this.running.signal).catch(() => {}); // aborted
  }

  stop() {
    this.running?.abort();
    this.running = undefined;
  }

  get ended() {
    const state = this.state.peek();
    return state === 'ended' || state === 'failed';
  }

  /**
   * @param {AbortSignal} abort
   * @throws the reason of `abort`
   */
  async follow(abort) {
    let lastEventId = '';
    for (;;) {
      await whenReachable(abort);
      if (!this.generation.peek()) await this.refresh();
      abort.throwIfAborted();
      if (this.ended) return;
      if (this.generation.peek() && Date.now() >= streamsRefusedUntil) {
        const end = await withStreamSlot(abort, () => this.stream(abort, lastEventId, (id) => (lastEventId = id)));
        abort.throwIfAborted();
        if (end?.reason === 'unauthorized') reportUnauthorized();
        if (end?.reason === 'refused') streamsRefusedUntil = Date.now() + end.retryMs;
        else if (end && !this.ended) await this.refresh();
        if (this.ended) return;
      }
      this.state.value = this.error.peek() ? this.state.peek() : 'polling';
      await this.poll(abort);
      if (this.ended) return;
    }
  }

  /**
   * @param {AbortSignal} abort
   * @param {string} lastEventId
   * @param {(id: string) => void} onPosition
   */
  async stream(abort, lastEventId, onPosition) {
    const positions = this.readPositions();
    try {
      return await followEvents({
        operation: streamGenerationEvents,
        path: { generationId: this.id },
        lastEventId,
        signal: abort,
        onConnected: (connected) => {
          if (!this.ended) this.state.value = connected ? 'live' : 'polling';
        },
        onEvent: ({ name, id, data }) => {
          if (id) onPosition(id);
          if (name === 'generation') this.apply(data);
        },
      });
    } finally {
      positions();
    }
  }

  /** @param {GenerationEvent} event */
  apply(event) {
    const generation = this.generation.peek();
    if (event.type === 'attempt.progress' && generation && event.attempt) {
      const { number, percent, queuePosition } = event.attempt;
      const attempts = generation.attempts.map((attempt) =>
        attempt.number === number ? { ...attempt, progress: { ...attempt.progress, percent, queuePosition } } : attempt,
      );
      this.generation.value = { ...generation, attempts };
      if (attempts.some((attempt) => attempt.number === number)) return;
    }
    // Other events lack fields that are shown, such as the AI server and the images.
    void this.refresh();
  }

  /**
   * Reads the generation at intervals while it waits in the queue.
   * @returns {() => void} ends it
   */
  readPositions() {
    const timer = setInterval(() => {
      const attempts = this.generation.peek()?.attempts ?? [];
      const last = attempts[attempts.length - 1];
      const waits = !last || (last.outcome !== 'RUNNING' && (!last.retryAt || Date.parse(last.retryAt) < serverNow()));
      if (waits) void this.refresh();
    }, POSITION_MS);
    return () => clearInterval(timer);
  }

  /**
   * Reads the generation after the polls of others, and waits.
   * @param {AbortSignal} abort
   */
  poll(abort) {
    return oneAfterTheOther(async () => {
      let ms = MIN_POLL_MS;
      try {
        const { data, response } = await callForResponse(getGeneration, { path: { generationId: this.id }, signal: abort });
        this.error.value = null;
        this.update(data);
        ms = Math.max(ms, retryAfterMs(response));
      } catch (error) {
        abort.throwIfAborted();
        if (error instanceof ConnectionError) {
          await whenReachable(abort);
          return;
        }
        if (error instanceof ProblemError) {
          this.error.value = error;
          if (error.status === 404) this.state.value = 'failed';
          ms = Math.max(5_000, error.retryAfterMs);
        }
      }
      if (!this.ended) await delay(ms * (0.75 + Math.random() / 2), abort);
    });
  }
}

/**
 * Keeps the progress of running attempts that an event has brought, when a response that was made before has none.
 * @param {Generation | null} old
 * @param {Generation} next
 * @returns {Generation}
 */
function withProgressOf(old, next) {
  const attempts = next.attempts.map((attempt) => {
    const progress = attempt.outcome === 'RUNNING' && !attempt.progress && old?.attempts.find(({ number }) => number === attempt.number)?.progress;
    return progress ? { ...attempt, progress } : attempt;
  });
  return { ...next, attempts };
}

/** @type {Promise<unknown>} */
let lastPoll = Promise.resolve();

/**
 * Runs polls of this tab one after the other.
 * @param {() => Promise<void>} poll
 */
function oneAfterTheOther(poll) {
  const result = lastPoll.then(poll);
  lastPoll = result.catch(() => {});
  return result;
}

let streamsOfTab = 0;

/**
 * Runs a function while holding one of the slots for streams, which all tabs share. Without Web Locks, which exist only with https and on
 * loopback addresses, a tab has one slot.
 * @template T
 * @param {AbortSignal} abort
 * @param {() => Promise<T>} run
 * @returns {Promise<T | undefined>} undefined if no slot is free
 */
async function withStreamSlot(abort, run) {
  if (!globalThis.navigator?.locks) {
    if (streamsOfTab > 0) return undefined;
    streamsOfTab++;
    try {
      return await run();
    } finally {
      streamsOfTab--;
    }
  }
  for (let slot = 0; slot < STREAM_SLOTS; slot++) {
    abort.throwIfAborted();
    const held = await navigator.locks.request(`darkroom-generation-stream-${slot}`, { ifAvailable: true }, async (lock) =>
      lock ? { result: await run() } : undefined,
    );
    if (held) return held.result;
  }
  return undefined;
}

globalThis.document?.addEventListener('visibilitychange', () => {
  for (const live of [...shown.values()]) {
    if (globalThis.document?.hidden) live.stop();
    else live.start();
  }
});

onNotification((notification) => {
  if (notification.type !== 'generation.ended') return;
  const live = shown.get(notification.data.generationId ?? '');
  if (live && !live.ended) void live.refresh();
});
