// The notifications of the user: the newest ones, the unread count, and a call for each new one. Started by the session and stopped at its end. All
// tabs of the user share one stream (shared-stream.js). A gap in the numbers, a `reset` or a refused stream causes a read of the list. The unread
// count is that of the service, which sends it after each acknowledgement. Failed reads set `notificationsError`; the next event repeats them.

import { call, ConnectionError } from './api.js';
import { acknowledgeNotifications, listNotifications, markNotificationRead } from './client.js';
import { connection } from './connection.js';
import { session } from './session.js';
import { joinSharedStream } from './shared-stream.js';
import { delay } from './timing.js';
import { effect, signal } from './vendor.js';

/** @typedef {import('./client.js').Notification} Notification */
/** @typedef {import('./event-stream.js').StreamEvent} StreamEvent */

const MAX_ITEMS = 50;

/** The newest notifications, newest first, at most 50. */
export const notifications = signal(/** @type {Notification[]} */ ([]));
/** The number of unread notifications, as the service counts them: among the last 1,000. */
export const unreadCount = signal(0);
/** Whether the list has been read. */
export const notificationsLoaded = signal(false);
/** Why the last read failed, or null. */
export const notificationsError = signal(/** @type {Error | null} */ (null));

/** @type {Set<(notification: Notification) => void>} */
const listeners = new Set();

/**
 * Calls a function for each notification that arrives, once per tab, including those that were missed while the connection was lost.
 * @param {(notification: Notification) => void} listener
 * @returns {() => void} removes the listener
 */
export function onNotification(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** @type {Inbox | undefined} */
let inbox;

/** Starts and stops the notifications with the session. Called once. */
export function startNotifications() {
  let user = '';
  effect(() => {
    const current = session.value;
    const name = current.state === 'signedIn' ? current.user.name : '';
    if (name === user) return;
    user = name;
    inbox?.close();
    inbox = name ? new Inbox(name) : undefined;
  });
  // The browser may keep a page that is left, and show it again. Its stream would block others meanwhile.
  globalThis.window?.addEventListener('pagehide', () => {
    inbox?.close();
    inbox = undefined;
  });
  globalThis.window?.addEventListener('pageshow', (event) => {
    if (event.persisted && user) inbox = new Inbox(user);
  });
}

/**
 * Marks a notification as read, on all devices of the user.
 * @param {Notification} notification
 * @returns {Promise<void>} rejected with the errors of `call`
 */
export async function markRead(notification) {
  if (notification.readAt) return;
  const read = await call(markNotificationRead, { path: { notificationId: notification.id } });
  inbox?.replace(read);
}

/** The generations whose notifications are marked as read when they arrive. @type {Set<string>} */
const seen = new Set();

/**
 * Marks the notification of the end of a generation as read, now or when it arrives: the user looks at the generation.
 * @param {string} generationId
 */
export function markGenerationRead(generationId) {
  seen.add(generationId);
  void readSeen(notifications.peek());
}

/** @param {Notification[]} items */
async function readSeen(items) {
  for (const item of items) {
    if (item.readAt || !item.data.generationId || !seen.delete(item.data.generationId)) continue;
    await markRead(item).catch(() => {}); // It stays unread.
  }
}

/**
 * Marks all notifications as read, also those that are not shown.
 * @returns {Promise<void>} rejected with the errors of `call`
 */
export async function markAllRead() {
  await inbox?.markAllRead();
}

/** The notifications of one user, until the session ends. */
class Inbox {
  /** @param {string} user */
  constructor(user) {
    /** The position of the last notification: the cursor of the list and the id of the stream. */
    this.position = '';
    /** @type {Map<number, Notification>} by `seq` */
    this.bySeq = new Map();
    this.acknowledged = 0;
    this.closed = new AbortController();
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.acknowledging = undefined;
    /** @type {Promise<void>} */
    this.reads = Promise.resolve();
    this.stream = joinSharedStream({
      user,
      position: () => this.position,
      onEvent: (event) => this.receive(event),
      poll: () => this.poll(),
    });
    // Without the answer of a leader the list is read from its beginning.
    this.timer = setTimeout(() => this.load(), 5_000);
    let wasOnline = true;
    this.stopWatching = effect(() => {
      const online = connection.value === 'online';
      if (online && !wasOnline) this.refreshSoon();
      wasOnline = online;
    });
  }

  close() {
    this.closed.abort();
    clearTimeout(this.timer);
    clearTimeout(this.acknowledging);
    this.stopWatching();
    this.stream.leave();
    seen.clear();
    notifications.value = [];
    unreadCount.value = 0;
    notificationsLoaded.value = false;
    notificationsError.value = null;
  }

  /** @param {StreamEvent} event */
  receive({ name, id, data }) {
    if (this.closed.signal.aborted) return;
    if (!this.position && id) {
      // The first event only says where the stream is. Whatever it brings is in the list.
      this.position = id;
      this.load();
      return;
    }
    switch (name) {
      case 'notification':
        if (data.seq <= seqOf(this.position)) break;
        if (data.seq > seqOf(this.position) + 1) {
          void this.catchUp(false);
        } else {
          this.position = id;
          unreadCount.value++;
          this.add([data], true);
          this.acknowledgeSoon();
        }
        break;
      case 'unreadState':
        if (data.unreadCount === unreadCount.peek()) break;
        unreadCount.value = data.unreadCount;
        this.refreshSoon();
        break;
      case 'reset':
        this.position = `${data.epoch}-${data.lastSeq}`;
        this.bySeq.clear();
        this.load();
        break;
      case 'ping':
        if (data.lastSeq > seqOf(this.position)) void this.catchUp(false);
        break;
      default: // Types may be added.
    }
  }

  /** Reads the newest notifications. */
  load() {
    clearTimeout(this.timer);
    const [epoch] = this.position.split('-');
    const cursor = epoch ? `${epoch}-${Math.max(0, seqOf(this.position) - MAX_ITEMS)}` : undefined;
    void this.inOrder(() => this.readFrom(cursor, false));
  }

  /** Reads the newest notifications a moment after the last of several calls: their marks and the unread count may have changed. */
  refreshSoon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.load(), 400 + Math.random() * 200);
  }

  /** Reads what is new while streams are refused, for all tabs. */
  async poll() {
    if (this.position) {
      await this.catchUp(true);
      return;
    }
    await this.inOrder(() => this.readFrom(undefined, false));
    this.stream.publish({ name: '', id: this.position, data: '' });
  }

  /**
   * Reads the notifications after the last one.
   * @param {boolean} publish whether the other tabs get them
   */
  catchUp(publish) {
    return this.inOrder(() => this.readFrom(this.position || undefined, true, publish));
  }

  /**
   * Runs reads one after the other.
   * @param {() => Promise<void>} read
   */
  inOrder(read) {
    this.reads = this.reads.then(async () => {
      if (this.closed.signal.aborted) return;
      try {
        await read();
        notificationsError.value = null;
      } catch (error) {
        if (this.closed.signal.aborted) return;
        if (!(error instanceof ConnectionError)) notificationsError.value = /** @type {Error} */ (error);
      }
    });
    return this.reads;
  }

  /**
   * @param {string | undefined} cursor
   * @param {boolean} isNew whether listeners are called
   * @param {boolean} [publish]
   */
  async readFrom(cursor, isNew, publish = false) {
    for (;;) {
      const page = await call(listNotifications, { query: { cursor, limit: 100 }, signal: this.closed.signal });
      const known = seqOf(this.position);
      if (publish) {
        const [epoch] = page.position.split('-');
        for (const item of page.items) this.stream.publish({ name: 'notification', id: `${epoch}-${item.seq}`, data: item });
      }
      if (page.reset) this.bySeq.clear();
      this.add(page.items, false);
      if (page.reset || seqOf(page.position) > seqOf(this.position) || !this.position) this.position = page.position;
      if (isNew && !publish) {
        for (const item of page.items) if (item.seq > known) this.announce(item);
      }
      if (!page.nextCursor) {
        unreadCount.value = page.unreadCount;
        notificationsLoaded.value = true;
        this.acknowledgeSoon();
        return;
      }
      cursor = page.nextCursor;
    }
  }

  /**
   * @param {Notification[]} items
   * @param {boolean} announce
   */
  add(items, announce) {
    for (const item of items) this.bySeq.set(item.seq, item);
    const newest = [...this.bySeq.values()].sort((a, b) => b.seq - a.seq).slice(0, MAX_ITEMS);
    this.bySeq = new Map(newest.map((item) => [item.seq, item]));
    notifications.value = newest;
    void readSeen(items);
    if (announce) for (const item of items) this.announce(item);
  }

  /** @param {Notification} notification */
  announce(notification) {
    for (const listener of [...listeners]) listener(notification);
  }

  /** @param {Notification} read */
  replace(read) {
    if (!this.bySeq.has(read.seq)) return;
    this.add([read], false);
    unreadCount.value = Math.max(0, unreadCount.peek() - 1);
    this.refreshSoon();
  }

  /**
   * Acknowledges what was received, at most once a second, and in the leader only: one request for all tabs. The service then sends the unread
   * count to all of them.
   */
  acknowledgeSoon() {
    if (!this.stream.leads || this.acknowledging) return;
    this.acknowledging = setTimeout(() => {
      this.acknowledging = undefined;
      const seq = seqOf(this.position);
      if (!this.stream.leads || seq <= this.acknowledged) return;
      this.acknowledged = seq;
      call(acknowledgeNotifications, { body: { seq }, signal: this.closed.signal }).catch(() => {
        this.acknowledged = 0; // Repeated after the next notification.
      });
    }, 1_000);
  }

  async markAllRead() {
    const signal = this.closed.signal;
    const [epoch] = this.position.split('-');
    if (!epoch) return;
    /** @type {string | undefined} */
    let cursor = `${epoch}-${Math.max(0, seqOf(this.position) - 1_000)}`;
    while (cursor) {
      /** @type {import('./client.js').NotificationPage} */
      const page = await call(listNotifications, { query: { cursor, limit: 100 }, signal });
      for (const { id, readAt } of page.items) {
        if (!readAt) {
          await call(markNotificationRead, { path: { notificationId: id }, signal });
          // Stays below the rate limit of the service.
          await delay(15, signal);
        }
      }
      cursor = page.nextCursor;
    }
    this.load();
  }
}

/**
 * The number in a position such as `7f3a2b9c-17`; 0 if it is empty.
 * @param {string} position
 */
function seqOf(position) {
  return Number(position.split('-')[1] ?? 0);
}
