import { html } from '../../vendor.js';
import { formatDateTime, formatDuration } from '../../format.js';
import { DataTable } from './data-table.js';
import { nodeName } from './names.js';
import { slowNodes } from './problems.js';

/** @typedef {import('./fleet.js').LiveNode} LiveNode */
/** @typedef {import('./fleet.js').GoneNode} GoneNode */
/** @typedef {{node: LiveNode, goneAt?: number}} Row */

/**
 * The processes: those without a heartbeat first, then those that stop, then the others.
 * @param {{nodes: LiveNode[], goneNodes: GoneNode[], refreshedAt: number}} props
 */
export function Nodes({ nodes, goneNodes, refreshedAt }) {
  const slow = slowNodes(nodes);
  const live = nodes.map((node) => ({ node })).toSorted((left, right) => Number(right.node.draining) - Number(left.node.draining));
  /** @type {import('./data-table.js').Column<Row>[]} */
  const columns = [
    { label: 'Process', cell: ({ node }) => nodeName(node) },
    { label: 'State', cell: (row) => nodeState(row) },
    { label: 'Version', cell: ({ node }) => node.version },
    { label: 'Roles', cell: ({ node }) => node.roles.join(', ') },
    {
      label: 'Up for',
      number: true,
      cell: ({ node, goneAt }) => (goneAt ? '–' : formatDuration(refreshedAt - Date.parse(node.startedAt))),
    },
    { label: 'Concurrent calls', number: true, cell: ({ node, goneAt }) => (goneAt ? '–' : node.concurrency) },
    { label: 'Average attempt', number: true, cell: ({ node }) => averageAttempt(node, slow) },
  ];
  return html`<div class="card">
    <${DataTable}
      caption="Processes on the database"
      columns=${columns}
      rows=${[...goneNodes, ...live]}
      rowKey=${(/** @type {Row} */ { node }) => node.id}
    />
  </div>`;
}

/** @param {Row} row */
function nodeState({ node, goneAt }) {
  if (goneAt) {
    return html`<span class=${`badge ${node.draining ? 'neutral' : 'error'}`}>${node.draining ? 'Stopped' : 'No heartbeat'}</span>
      <span class="text-muted small"> at ${formatDateTime(new Date(goneAt).toISOString())}</span>`;
  }
  return node.draining ? html`<span class="badge warn">Stopping</span>` : html`<span class="badge ok">Live</span>`;
}

/** @param {LiveNode} node @param {Set<string>} slow */
function averageAttempt(node, slow) {
  if (node.averageAttemptMs === undefined) {
    return html`<span class="text-muted">none yet</span>`;
  }
  const text = formatDuration(node.averageAttemptMs);
  return slow.has(node.id) ? html`<span class="badge warn">${text}</span>` : text;
}
