// One notification stream for all tabs of a user in this browser. The tabs compete for a Web Lock. The tab that holds it, the leader, opens the
// stream and sends each event to the others over a BroadcastChannel. When it is closed or crashes, the browser gives the lock to another tab,
// which resumes after the last event that it has received itself; so no event is missed, and some arrive twice.
//
// Lock and channel have the name of the user: tabs of different users share nothing. Web Locks exist only with https and on loopback addresses;
// without them each tab has a stream of its own while it is visible.

import { reportUnauthorized } from './api.js';
import { streamNotifications } from './client.js';
import { checkNow } from './connection.js';
import { followEvents } from './event-stream.js';
import { delay } from './timing.js';

/** @typedef {import('./event-stream.js').StreamEvent} StreamEvent */

/**
 * Joins the tabs of a user.
 * @param {object} options
 * @param {string} options.user
 * @param {() => string} options.position the id of the last event that this tab has received; empty if none
 * @param {(event: StreamEvent) => void} options.onEvent gets each event, in the leader and in the other tabs
 * @param {() => Promise<void>} options.poll called in the leader at intervals while streams are refused. Rejected polls are repeated
 * @param {{locks?: LockManager, Channel?: typeof BroadcastChannel}} [options.platform] for tests
 * @returns {SharedStream}
 */
export function joinSharedStream(options) {
  return new SharedStream(options);
}

/** The part of this tab in the shared stream, from `joinSharedStream` to `leave`. */
class SharedStream {
  /** @param {Parameters<typeof joinSharedStream>[0]} options */
  constructor({ user, position, onEvent, poll, platform = browser() }) {
    this.position = position;
    this.onEvent = onEvent;
    this.poll = poll;
    this.left = new AbortController();
    /** The signal that ends the stream of this tab, if it has opened one. @type {AbortSignal | undefined} */
    this.leading = undefined;
    const name = `darkroom-notifications-${user}`;
    const { locks, Channel } = platform;
    this.channel = locks && Channel ? new Channel(name) : undefined;
    this.channel?.addEventListener('message', ({ data }) => this.receive(data));
    if (locks) {
      // Rejected when this tab leaves.
      locks.request(name, { signal: this.left.signal }, () => this.lead(this.left.signal)).catch(() => {});
    } else {
      this.leadWhileVisible();
    }
    // The leader answers with its position, unless this tab becomes the leader.
    this.channel?.postMessage({ type: 'joined' });
  }

  /** Whether the stream is that of this tab. */
  get leads() {
    return this.leading?.aborted === false;
  }

  /** Leaves. The stream is closed, or another tab goes on with it. */
  leave() {
    this.left.abort();
    this.channel?.close();
  }

  /**
   * Passes an event to all tabs, this one included.
   * @param {StreamEvent} event
   */
  publish(event) {
    this.onEvent(event);
    if (!this.left.signal.aborted) this.channel?.postMessage({ type: 'event', event });
  }

  /** @param {{type: 'joined'} | {type: 'event', event: StreamEvent} | {type: 'disconnected'}} message */
  receive(message) {
    if (message.type === 'event') {
      this.onEvent(message.event);
    } else if (message.type === 'joined') {
      if (this.leads && this.position()) {
        this.channel?.postMessage({ type: 'event', event: { name: '', id: this.position(), data: '' } });
      }
    } else if (message.type === 'disconnected') {
      void checkNow();
    }
  }

  /** Runs the stream of this tab alone, not while it is hidden: the connections of a browser to a server are few. */
  leadWhileVisible() {
    let hidden = new AbortController();
    const update = () => {
      hidden.abort();
      if (globalThis.document?.hidden) return;
      hidden = new AbortController();
      void this.lead(AbortSignal.any([this.left.signal, hidden.signal]));
    };
    globalThis.document?.addEventListener('visibilitychange', update, { signal: this.left.signal });
    update();
  }

  /**
   * Runs the stream until the signal is aborted.
   * @param {AbortSignal} signal
   * @returns {Promise<void>} never rejected
   */
  async lead(signal) {
    this.leading = signal;
    let connected = false;
    try {
      while (!signal.aborted) {
        const end = await followEvents({
          operation: streamNotifications,
          lastEventId: this.position(),
          signal,
          onEvent: (event) => this.publish(event),
          onConnected: (now) => {
            if (connected && !now && !signal.aborted) this.channel?.postMessage({ type: 'disconnected' });
            connected = now;
          },
        });
        if (end.reason === 'aborted') return;
        if (end.reason === 'unauthorized') {
          reportUnauthorized();
          return;
        }
        await this.pollUntil(Date.now() + end.retryMs, signal);
      }
    } catch {
      // Left.
    }
  }

  /**
   * @param {number} end milliseconds since the epoch
   * @param {AbortSignal} signal
   */
  async pollUntil(end, signal) {
    do {
      await this.poll().catch(() => {});
      await delay(3_000 + Math.random() * 2_000, signal);
    } while (Date.now() < end);
  }
}

function browser() {
  return { locks: globalThis.navigator?.locks, Channel: globalThis.BroadcastChannel };
}
