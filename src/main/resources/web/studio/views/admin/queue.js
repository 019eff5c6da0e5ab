import { html } from '../../vendor.js';
import { formatDuration } from '../../format.js';
import { DataTable } from './data-table.js';
import { modelName } from './names.js';
import { queueProblems } from './problems.js';

/** @typedef {import('./fleet.js').ModelQueue} ModelQueue */

/**
 * The unfinished generations by model and by user, the oldest wait first.
 * @param {{models: ModelQueue[]}} props
 */
export function Queue({ models }) {
  const sorted = models.toSorted(
    (left, right) => (right.oldestWaitSeconds ?? -1) - (left.oldestWaitSeconds ?? -1) || right.waiting - left.waiting,
  );
  /** @type {import('./data-table.js').Column<ModelQueue>[]} */
  const columns = [
    {
      label: 'Model',
      cell: (queue) =>
        html`<span id=${`queue-${queue.model ?? ''}`} tabindex="-1">${modelName(queue)}</span>
          ${!queue.configured && html`<span class="badge error">not configured</span>`}`,
    },
    { label: 'Waiting', number: true, cell: ({ waiting }) => waiting },
    { label: 'Running', number: true, cell: ({ running }) => running },
    { label: 'Oldest wait', number: true, cell: oldestWait },
  ];
  const users = sumByUser(models);
  return html`<div class="card">
      <${DataTable}
        caption="Unfinished generations by model"
        columns=${columns}
        rows=${sorted}
        rowKey=${(/** @type {ModelQueue} */ queue) => queue.model ?? ''}
      />
    </div>
    ${
      users.length > 0 &&
      html`<div class="card">
        <${DataTable}
          caption="Users with most waiting generations"
          columns=${[
            { label: 'User', cell: (/** @type {UserSum} */ { user }) => user },
            { label: 'Waiting', number: true, cell: (/** @type {UserSum} */ { waiting }) => waiting },
            { label: 'Models', cell: (/** @type {UserSum} */ sum) => sum.models.join(', ') },
          ]}
          rows=${users}
          rowKey=${(/** @type {UserSum} */ { user }) => user}
        />
      </div>`
    }`;
}

/** @param {ModelQueue} queue */
function oldestWait(queue) {
  if (queue.oldestWaitSeconds === undefined) {
    return html`<span class="text-muted">none</span>`;
  }
  const text = formatDuration(queue.oldestWaitSeconds * 1_000);
  return queueProblems(queue).length > 0 ? html`<span class="badge warn">${text}</span>` : text;
}

/** @typedef {{user: string, waiting: number, models: string[]}} UserSum */

/**
 * The waiting generations of each user in all models. The service lists ten users of each.
 * @param {ModelQueue[]} models
 * @returns {UserSum[]}
 */
function sumByUser(models) {
  /** @type {Map<string, UserSum>} */
  const sums = new Map();
  for (const queue of models) {
    for (const { user, waiting } of queue.users) {
      const sum = sums.get(user) ?? { user, waiting: 0, models: [] };
      sums.set(user, { user, waiting: sum.waiting + waiting, models: [...sum.models, modelName(queue)] });
    }
  }
  return [...sums.values()].sort((left, right) => right.waiting - left.waiting);
}
