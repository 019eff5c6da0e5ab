// The bell with the unread count, and the panel with the newest notifications that it opens. Opening a notification marks it as read and leads to its
// generation. Escape, a click elsewhere or a change of the route close the panel. A failed mark is shown in the panel and can be repeated.
//
// Classes besides those of the design system: `bell`, `bell-count`, `bell-panel`, `bell-list`, `bell-item` (with `unread`), `bell-text`.

import { errorText } from '../api.js';
import { serverNow } from '../clock.js';
import { formatAge, formatDateTime } from '../format.js';
import { Icon } from '../icons.js';
import { prompts, readPrompts } from '../notification-prompts.js';
import { markAllRead, markRead, notifications, notificationsError, notificationsLoaded, onNotification, unreadCount } from '../notifications.js';
import { generationHref } from '../router.js';
import { html, useEffect, useRef, useSignal } from '../vendor.js';

/** @typedef {import('../client.js').Notification} Notification */

export function NotificationBell() {
  const open = useSignal(false);
  const announcement = useSignal('');
  const root = useRef(/** @type {HTMLDivElement | null} */ (null));
  const button = useRef(/** @type {HTMLButtonElement | null} */ (null));

  useEffect(
    () =>
      onNotification((notification) => {
        announcement.value = title(notification);
      }),
    [],
  );
  useEffect(() => {
    if (!open.value) return undefined;
    const close = () => (open.value = false);
    const onPointer = (/** @type {Event} */ event) => {
      if (!root.current?.contains(/** @type {Node} */ (event.target))) close();
    };
    const onKey = (/** @type {KeyboardEvent} */ event) => {
      if (event.key !== 'Escape') return;
      close();
      button.current?.focus();
    };
    document.addEventListener('pointerdown', onPointer);
    document.addEventListener('focusin', onPointer);
    document.addEventListener('keydown', onKey);
    window.addEventListener('hashchange', close);
    return () => {
      document.removeEventListener('pointerdown', onPointer);
      document.removeEventListener('focusin', onPointer);
      document.removeEventListener('keydown', onKey);
      window.removeEventListener('hashchange', close);
    };
  }, [open.value]);

  const unread = unreadCount.value;
  const count = unread > 99 ? '99+' : String(unread);
  const label = unread === 0 ? 'Notifications' : `Notifications, ${count} unread`;
  return html`<div class="bell" ref=${root}>
    <button
      ref=${button}
      class="button ghost"
      type="button"
      aria-label=${label}
      aria-expanded=${open.value ? 'true' : 'false'}
      aria-controls="notification-panel"
      data-testid="notification-bell"
      onClick=${() => (open.value = !open.value)}
    >
      <${Icon} name="bell" />
      ${unread > 0 && html`<span class="bell-count" data-testid="unread-count" aria-hidden="true">${count}</span>`}
    </button>
    <div class="visually-hidden" role="status">${announcement.value}</div>
    ${open.value && html`<${Panel} />`}
  </div>`;
}

function Panel() {
  const error = useSignal('');
  const items = notifications.value;
  const failure = error.value || (notificationsError.value ? errorText(notificationsError.value) : '');

  useEffect(() => {
    void readPrompts(items);
  }, [items, prompts.value]);

  /** @param {() => Promise<void>} action */
  async function run(action) {
    error.value = '';
    try {
      await action();
    } catch (problem) {
      error.value = errorText(problem);
    }
  }

  return html`<section id="notification-panel" class="bell-panel card" aria-label="Notifications" data-testid="notification-panel">
    <div class="toolbar">
      <h2>Notifications</h2>
      ${unreadCount.value > 0 &&
      html`<button class="button ghost" type="button" onClick=${() => run(markAllRead)}>Mark all as read</button>`}
    </div>
    <p class="error" role="alert">${failure}</p>
    ${!notificationsLoaded.value && !failure && html`<div class="skeleton" aria-label="Loading"></div>`}
    ${notificationsLoaded.value &&
    items.length === 0 &&
    html`<p class="empty">No notifications yet. You get one when a generation ends.</p>`}
    <ul class="bell-list">
      ${items.map((item) => html`<${Item} key=${item.id} item=${item} onOpen=${() => run(() => markRead(item))} />`)}
    </ul>
  </section>`;
}

/** @param {{item: Notification, onOpen: () => void}} props */
function Item({ item, onOpen }) {
  const { generationId, status, error } = item.data;
  const prompt = generationId && prompts.value.get(generationId);
  const cancelled = error?.code === 'CANCELLED';
  const [kind, word] =
    status === 'COMPLETE' ? ['ok', 'Complete'] : cancelled ? ['neutral', 'Cancelled'] : ['error', status ? 'Failed' : 'Disabled'];
  const content = html`
    <span class=${`badge ${kind}`}>${word}</span>
    <span class="bell-text" dir="auto">${prompt || title(item)}</span>
    ${error && !cancelled && html`<span class="text-muted">${error.message}</span>`}
    <time class="text-muted" datetime=${item.timestamp} title=${formatDateTime(item.timestamp)}>${formatAge(item.timestamp, serverNow())}</time>
    ${!item.readAt && html`<span class="visually-hidden">Unread</span>`}
  `;
  return html`<li class=${item.readAt ? 'bell-item' : 'bell-item unread'} data-testid="notification">
    ${generationId
      ? html`<a href=${generationHref(generationId)} onClick=${onOpen}>${content}</a>`
      : html`<a href="#/admin" onClick=${onOpen}>${content}</a>`}
  </li>`;
}

/**
 * The event as a text for people.
 * @param {Notification} notification
 */
function title({ type, data }) {
  if (type === 'webhook.disabled') return 'A webhook was disabled because its deliveries failed';
  if (type !== 'generation.ended') return type;
  if (data.status === 'FAILED') return data.error?.code === 'CANCELLED' ? 'Generation cancelled' : 'Generation failed';
  return data.imageCount === 1 ? 'Generation complete, 1 image' : `Generation complete, ${data.imageCount} images`;
}
