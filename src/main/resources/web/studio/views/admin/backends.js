import { html, useState } from '../../vendor.js';
import { showToast } from '../../announcer.js';
import { call } from '../../api.js';
import { drainBackend, enableBackend } from '../../client.js';
import { useServerNow } from '../../clock.js';
import { formatCountdown, formatDateTime } from '../../format.js';
import { Icon } from '../../icons.js';
import { ConfirmDialog } from '../confirm-dialog.js';
import { DataTable } from './data-table.js';
import { replaceBackend } from './fleet.js';
import { generationsWait, nodeName, waitingFor, words } from './names.js';
import { backendProblems } from './problems.js';

/** @typedef {import('./fleet.js').BackendStatus} BackendStatus */
/** @typedef {import('./fleet.js').BackendOnNode} BackendOnNode */
/** @typedef {import('./fleet.js').ModelQueue} ModelQueue */

const BREAKERS = {
  CLOSED: { kind: 'ok', name: 'Closed' },
  OPEN: { kind: 'error', name: 'Open' },
  HALF_OPEN: { kind: 'warn', name: 'Half-open' },
};

/**
 * The AI servers, those with problems first.
 * @param {{backends: BackendStatus[], models: ModelQueue[], refreshedAt: number, refresh: () => void}} props
 */
export function Backends({ backends, models, refreshedAt, refresh }) {
  const urgency = (/** @type {BackendStatus} */ backend) => {
    const problems = backendProblems(backend, models);
    return problems.some(({ level }) => level === 'error') ? 0 : problems.length > 0 ? 1 : 2;
  };
  const sorted = backends.toSorted((left, right) => urgency(left) - urgency(right));
  return sorted.map(
    (backend) => html`<${Backend} key=${backend.name} backend=${backend} models=${models} refreshedAt=${refreshedAt} refresh=${refresh} />`,
  );
}

/** @param {{backend: BackendStatus, models: ModelQueue[], refreshedAt: number, refresh: () => void}} props */
function Backend({ backend, models, refreshedAt, refresh }) {
  const { name, type, drained, drainedBy, drainedAt, nodes } = backend;
  const waiting = waitingFor(backend, models);
  return html`<article class="card admin-item admin-backend" id=${`backend-${name}`} tabindex="-1" aria-label=${`AI server ${name}`}>
    <header class="admin-item-head">
      <div>
        <h3>${name}</h3>
        <p class="text-muted small">
          ${[type, backend.models.join(', '), waiting > 0 ? generationsWait(waiting) : 'nothing waits'].filter(Boolean).join(' · ')}
        </p>
      </div>
      ${
        drained &&
        html`<p>
          <span class="badge warn">Drained</span>
          <span class="text-muted small"> ${drainedBy && `by ${drainedBy} `}${drainedAt && `since ${formatDateTime(drainedAt)}`}</span>
        </p>`
      }
      <${DrainSwitch} backend=${backend} waiting=${waiting} refresh=${refresh} />
    </header>
    ${
      nodes.length === 0
        ? html`<p class="text-muted">No live node calls this AI server.</p>`
        : html`<${NodeTable} backend=${backend} refreshedAt=${refreshedAt} />`
    }
  </article>`;
}

/** @param {{backend: BackendStatus, refreshedAt: number}} props */
function NodeTable({ backend, refreshedAt }) {
  const counts = backend.nodes.some(
    (node) => node.breaker === 'OPEN' || node.retryAfterMs > 0 || node.apiKeys.some((key) => key.cooldownUntil),
  );
  const now = useServerNow(counts);
  /** @type {import('./data-table.js').Column<BackendOnNode>[]} */
  const columns = [
    { label: 'Process', cell: (node) => nodeName({ host: node.host, id: node.node }) },
    { label: 'Breaker', cell: (node) => html`<${Breaker} node=${node} now=${now} />` },
    { label: 'Calls', cell: (node) => html`<${Calls} node=${node} backend=${backend} now=${now} refreshedAt=${refreshedAt} />` },
    { label: 'API keys', cell: (node) => html`<${ApiKeys} keys=${node.apiKeys} now=${now} />` },
  ];
  return html`<${DataTable}
    caption=${`State of the AI server ${backend.name} on each node`}
    columns=${columns}
    rows=${backend.nodes}
    rowKey=${(/** @type {BackendOnNode} */ node) => node.node}
  />`;
}

/** @param {{node: BackendOnNode, now: number}} props */
function Breaker({ node, now }) {
  const { kind, name } = BREAKERS[node.breaker];
  const left = node.openUntil ? Date.parse(node.openUntil) - now : 0;
  return html`<span class=${`badge ${kind}`}>${name}</span>
    ${node.openUntil && html` <span class="text-muted small">${left > 0 ? `next check in ${formatCountdown(left)}` : 'being checked'}</span>`}`;
}

/** @param {{node: BackendOnNode, backend: BackendStatus, now: number, refreshedAt: number}} props */
function Calls({ node, backend, now, refreshedAt }) {
  const pause = node.retryAfterMs - (now - refreshedAt);
  if (pause > 0) {
    return html`<span class="badge warn">Paused</span> <span class="text-muted small">for ${formatCountdown(pause)}</span>`;
  }
  if (backend.drained && !node.drained) {
    return html`<span class="badge info">Drain is not applied yet</span>`;
  }
  if (node.drained) {
    return html`<span class="text-muted">no new calls</span>`;
  }
  if (node.concurrency === 0) {
    return html`<span class="text-muted">none</span>`;
  }
  const running = Math.max(0, node.concurrency - node.availablePermits);
  return html`${running} of ${node.concurrency} run`;
}

/** @param {{keys: BackendOnNode['apiKeys'], now: number}} props */
function ApiKeys({ keys, now }) {
  if (keys.length === 0) {
    return html`<span class="text-muted">none</span>`;
  }
  return html`<ul class="admin-keys">
    ${keys.map(({ name, state, cooldownUntil }) => {
      const left = cooldownUntil ? Date.parse(cooldownUntil) - now : 0;
      return html`<li>
        <span class=${`badge ${state === 'USABLE' ? 'ok' : 'warn'}`}>${name}: ${words(state)}</span>
        ${left > 0 && html` <span class="text-muted small">used again in ${formatCountdown(left)}</span>`}
      </li>`;
    })}
  </ul>`;
}

/** @param {{backend: BackendStatus, waiting: number, refresh: () => void}} props */
function DrainSwitch({ backend, waiting, refresh }) {
  const [asking, setAsking] = useState(false);
  const { name, drained } = backend;
  const change = async () => {
    replaceBackend(await call(drained ? enableBackend : drainBackend, { path: { backendName: name } }));
    showToast(drained ? `${name} is enabled` : `${name} is drained`);
    refresh();
  };
  return html`<button type="button" class="button" onClick=${() => setAsking(true)}>
      <${Icon} name=${drained ? 'check' : 'pause'} />${drained ? 'Enable' : 'Drain'}<span class="visually-hidden"> ${name}</span>
    </button>
    ${
      asking &&
      html`<${ConfirmDialog}
        title=${drained ? `Enable ${name}?` : `Drain ${name}?`}
        confirm=${drained ? 'Enable' : 'Drain'}
        danger=${!drained}
        onConfirm=${change}
        onClose=${() => setAsking(false)}
      >
        <p>
          ${
            drained
              ? `All processes start calls to it again${waiting > 0 ? `: ${generationsWait(waiting)}` : ''}.`
              : `No process starts new calls to it, until it is enabled again. Calls in progress continue. ${
                  waiting > 0 ? `For its models, ${generationsWait(waiting)}.` : ''
                }`
          }
        </p>
      <//>`
    }`;
}
