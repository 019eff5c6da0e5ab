// Filters of the gallery by status and time.

import { serverNow } from '../clock.js';
import { list, showList } from '../gallery-list.js';
import { html, useState } from '../vendor.js';

/** @typedef {import('../gallery-list.js').Filter} Filter */

/** @type {{status: Filter['status'] | '', name: string}[]} */
const STATUSES = [
  { status: '', name: 'All' },
  { status: 'COMPLETE', name: 'Complete' },
  { status: 'PENDING', name: 'Pending' },
  { status: 'FAILED', name: 'Failed' },
];

const DAY_MS = 86_400_000;

/** @type {Record<string, () => Partial<Filter>>} */
const PERIODS = {
  any: () => ({}),
  today: () => ({ createdAfter: new Date(new Date().setHours(0, 0, 0, 0) - 1).toISOString() }),
  week: () => ({ createdAfter: new Date(serverNow() - 7 * DAY_MS).toISOString() }),
  month: () => ({ createdAfter: new Date(serverNow() - 30 * DAY_MS).toISOString() }),
};

export function FilterBar() {
  const { filter } = list.value;
  const [period, setPeriod] = useState(filter.createdAfter || filter.createdBefore ? 'custom' : 'any');
  /** @param {Partial<Filter>} change */
  const apply = (change) => {
    const next = { ...filter, ...change };
    showList(/** @type {Filter} */ (Object.fromEntries(Object.entries(next).filter(([, value]) => value))));
  };
  return html`<div class="filters">
    <fieldset class="segments">
      <legend class="visually-hidden">Status</legend>
      ${STATUSES.map(
        ({ status, name }) => html`<label key=${name}>
          <input
            type="radio"
            name="status"
            checked=${(filter.status ?? '') === status}
            onChange=${() => apply({ status: status || undefined })}
          />${name}
        </label>`,
      )}
    </fieldset>
    <select
      class="input"
      aria-label="Created"
      value=${period}
      onChange=${(/** @type {any} */ event) => {
        const chosen = event.target.value;
        setPeriod(chosen);
        if (chosen !== 'custom') {
          apply({ createdAfter: undefined, createdBefore: undefined, ...PERIODS[chosen]?.() });
        }
      }}
    >
      <option value="any">Any time</option>
      <option value="today">Today</option>
      <option value="week">Last 7 days</option>
      <option value="month">Last 30 days</option>
      <option value="custom">Dates…</option>
    </select>
    ${
      period === 'custom' &&
      html`<span class="date-range">
        <input
          class="input"
          type="date"
          aria-label="From"
          value=${localDate(filter.createdAfter, 1)}
          onChange=${(/** @type {any} */ event) => apply({ createdAfter: startOfDay(event.target.value, 0, -1) })}
        />
        <span class="text-muted">to</span>
        <input
          class="input"
          type="date"
          aria-label="To"
          value=${localDate(filter.createdBefore, -1)}
          onChange=${(/** @type {any} */ event) => apply({ createdBefore: startOfDay(event.target.value, 1, 0) })}
        />
      </span>`
    }
  </div>`;
}

/**
 * The start of a local day as a timestamp, or undefined without a date.
 * @param {string} date such as `2026-11-30`
 * @param {number} days added
 * @param {number} millis added
 */
function startOfDay(date, days, millis) {
  const [year, month, day] = date.split('-').map(Number);
  return year && month && day ? new Date(new Date(year, month - 1, day + days).getTime() + millis).toISOString() : undefined;
}

/**
 * The local date of a timestamp, for a date control.
 * @param {string | undefined} timestamp
 * @param {number} millis added
 */
function localDate(timestamp, millis) {
  if (!timestamp) {
    return '';
  }
  const date = new Date(Date.parse(timestamp) + millis);
  return [date.getFullYear(), String(date.getMonth() + 1).padStart(2, '0'), String(date.getDate()).padStart(2, '0')].join('-');
}
