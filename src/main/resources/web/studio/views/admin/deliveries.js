import { html, useEffect, useRef, useState } from '../../vendor.js';
import { showToast } from '../../announcer.js';
import { call, errorText } from '../../api.js';
import { listWebhookDeliveries, redeliverWebhookDelivery } from '../../client.js';
import { formatCountdown, formatDateTime } from '../../format.js';
import { generationHref } from '../../router.js';
import { DataTable } from './data-table.js';
import { words } from './names.js';

/** @typedef {import('../../client.js').Delivery} Delivery */
/** @typedef {import('../../client.js').DeliveryAttempt} DeliveryAttempt */
/** @typedef {Delivery['status']} Status */

const PAGE_SIZE = 20;

/** @type {readonly {status: Status | undefined, label: string}[]} */
const FILTERS = [
  { status: undefined, label: 'All' },
  { status: 'PENDING', label: 'Pending' },
  { status: 'DELIVERED', label: 'Delivered' },
  { status: 'FAILED', label: 'Failed' },
];

/** @type {Record<Status, {kind: string, label: string}>} */
const STATES = {
  PENDING: { kind: 'info', label: 'Pending' },
  DELIVERED: { kind: 'ok', label: 'Delivered' },
  FAILED: { kind: 'error', label: 'Failed' },
};

/** @typedef {{status: Status | undefined, items: Delivery[], nextCursor: string | undefined, error: string}} Log */

/**
 * The delivery log of a webhook, newest first. Reads its first page again with each refresh of the page and after `changes`.
 * @param {{webhookId: string, changes: number, refreshedAt: number}} props
 */
export function Deliveries({ webhookId, changes, refreshedAt }) {
  const [status, setStatus] = useState(/** @type {Status | undefined} */ (undefined));
  const [log, setLog] = useState(/** @type {Log | null} */ (null));
  const request = useRef(0);

  /** @param {string | undefined} cursor @param {Log | null} shown the pages before it, or those that the first page updates */
  const load = async (cursor, shown) => {
    const number = ++request.current;
    const query = { limit: PAGE_SIZE, ...(status && { status }), ...(cursor && { cursor }) };
    /** @type {Log} */
    let next;
    try {
      const page = await call(listWebhookDeliveries, { path: { webhookId }, query });
      next = cursor
        ? { ...page, status, error: '', items: [...(shown?.items ?? []), ...page.items], nextCursor: page.nextCursor }
        : updated(page, shown);
    } catch (error) {
      next = { status, items: shown?.items ?? [], nextCursor: shown?.nextCursor, error: errorText(error) };
    }
    if (number === request.current) {
      setLog(next);
    }
  };

  /**
   * @param {{items: Delivery[], nextCursor?: string}} page the first one
   * @param {Log | null} shown
   * @returns {Log}
   */
  const updated = (page, shown) => {
    const end = page.items.at(-1)?.createdAt;
    const older = shown && end ? shown.items.slice(PAGE_SIZE).filter((item) => item.createdAt < end) : [];
    return { status, error: '', items: [...page.items, ...older], nextCursor: older.length > 0 ? shown?.nextCursor : page.nextCursor };
  };

  useEffect(() => {
    load(undefined, log?.status === status ? log : null);
  }, [status, changes, refreshedAt]);

  /** @param {Delivery} delivery */
  const redeliver = async (delivery) => {
    try {
      const changed = await call(redeliverWebhookDelivery, { path: { webhookId, deliveryId: delivery.id } });
      setLog((shown) => shown && { ...shown, items: shown.items.map((item) => (item.id === changed.id ? changed : item)) });
      showToast('Delivery scheduled');
    } catch (error) {
      showToast(errorText(error));
    }
  };

  const current = log?.status === status ? log : null;
  return html`<div class="stack admin-deliveries">
    <fieldset class="field">
      <legend class="visually-hidden">Deliveries with the status</legend>
      <div class="segments">
        ${FILTERS.map(
          (filter) =>
            html`<label
              ><input
                type="radio"
                name=${`status-${webhookId}`}
                checked=${status === filter.status}
                onChange=${() => setStatus(filter.status)}
              />${filter.label}</label
            >`,
        )}
      </div>
    </fieldset>
    ${current?.error && html`<p class="notice error" role="alert">${current.error}</p>`}
    ${!current && html`<div class="skeleton admin-skeleton" aria-busy="true"></div>`}
    ${current && current.items.length === 0 && !current.error && html`<p class="text-muted">No deliveries${status ? ` with the status ${words(status)}` : ''}.</p>`}
    ${current && current.items.length > 0 && html`<${Log} items=${current.items} refreshedAt=${refreshedAt} redeliver=${redeliver} />`}
    ${
      current?.nextCursor &&
      html`<button type="button" class="button" onClick=${() => load(current.nextCursor, current)}>Show older deliveries</button>`
    }
  </div>`;
}

/** @param {{items: Delivery[], refreshedAt: number, redeliver: (delivery: Delivery) => void}} props */
function Log({ items, refreshedAt, redeliver }) {
  /** @type {import('./data-table.js').Column<Delivery>[]} */
  const columns = [
    { label: 'Created', cell: ({ createdAt }) => formatDateTime(createdAt) },
    { label: 'Event', cell: (delivery) => html`<${Event} delivery=${delivery} />` },
    { label: 'Status', cell: (delivery) => html`<${State} delivery=${delivery} refreshedAt=${refreshedAt} />` },
    { label: 'Attempts', cell: ({ attempts }) => html`<${Attempts} attempts=${attempts} />` },
    {
      label: 'Action',
      hiddenLabel: true,
      cell: (delivery) =>
        html`<button type="button" class="button" onClick=${() => redeliver(delivery)}>
          ${delivery.status === 'PENDING' ? 'Send now' : 'Redeliver'}<span class="visually-hidden">
            the delivery of ${formatDateTime(delivery.createdAt)}</span
          >
        </button>`,
    },
  ];
  return html`<${DataTable}
    caption="Deliveries, newest first"
    columns=${columns}
    rows=${items}
    rowKey=${(/** @type {Delivery} */ { id }) => id}
  />`;
}

/** @param {{delivery: Delivery}} props */
function Event({ delivery: { type, generationId } }) {
  return html`${type}${generationId && html` <a href=${generationHref(generationId)}>generation<span class="visually-hidden"> ${generationId}</span></a>`}`;
}

/** @param {{delivery: Delivery, refreshedAt: number}} props */
function State({ delivery: { status, nextAttemptAt }, refreshedAt }) {
  const left = nextAttemptAt ? Date.parse(nextAttemptAt) - refreshedAt : 0;
  return html`<span class=${`badge ${STATES[status].kind}`}>${STATES[status].label}</span>
    ${left > 0 && html` <span class="text-muted small">next attempt in ${formatCountdown(left)}</span>`}`;
}

/** The last response, and all attempts behind it. @param {{attempts: DeliveryAttempt[]}} props */
function Attempts({ attempts }) {
  const last = attempts.at(-1);
  if (!last) {
    return html`<span class="text-muted">none yet</span>`;
  }
  return html`<details>
    <summary>${attempts.length === 1 ? '' : `${attempts.length} attempts, last: `}${response(last)}</summary>
    <ol class="admin-attempts">
      ${attempts.map(
        (attempt) =>
          html`<li key=${attempt.number}>
            ${`${formatDateTime(attempt.startedAt)}: ${response(attempt)}, after ${Date.parse(attempt.finishedAt) - Date.parse(attempt.startedAt)} ms`}
          </li>`,
      )}
    </ol>
  </details>`;
}

/** @param {DeliveryAttempt} attempt */
function response({ outcome, httpStatus, code }) {
  return httpStatus ? `HTTP ${httpStatus}` : words(code ?? outcome);
}
