import { html } from '../vendor.js';
import { useServerNow } from '../clock.js';
import { formatCountdown, plural } from '../format.js';
import { Icon } from '../icons.js';
import { authRequired } from '../page.js';
import { usePolling } from '../polling.js';
import { session } from '../session.js';
import { loadStyleSheet } from '../style-sheet.js';
import { Backends } from './admin/backends.js';
import { fleet, refreshError, refreshFleet } from './admin/fleet.js';
import { Nodes } from './admin/nodes.js';
import { findProblems } from './admin/problems.js';
import { Queue } from './admin/queue.js';
import { Webhooks } from './admin/webhooks.js';

await loadStyleSheet('admin.css');

const REFRESH_MILLIS = 5_000;

/** The state of the installation for admins: problems, AI servers, queue, processes and webhooks. */
export function AdminView() {
  const current = session.value;
  if (current.state !== 'signedIn') {
    return html`<div class="skeleton view-skeleton" aria-busy="true"></div>`;
  }
  return current.user.admin ? html`<${Panel} />` : html`<${NoAdmin} name=${current.user.name} />`;
}

/** @param {{name: string}} props */
function NoAdmin({ name }) {
  return html`<div class="empty">
    <${Icon} name="user" />
    <h1 tabindex="-1">Only for admins</h1>
    <p>The user <b>${name}</b> has no admin role. The page shows AI servers, the queue, processes and webhooks of the installation.</p>
    ${
      authRequired
        ? html`<p>The operator creates an admin key with <code>java -jar darkroom.jar keys create --user NAME --role admin</code></p>`
        : html`<p>Without authentication, the user is an admin only while no other machine can reach the service.</p>`
    }
    <a class="button" href="#/">Open the studio</a>
  </div>`;
}

function Panel() {
  const refresh = usePolling(refreshFleet, () => REFRESH_MILLIS);
  const data = fleet.value;
  return html`
    <div class="page-head admin-head">
      <h1 tabindex="-1">Administration</h1>
      <${Refresh} refresh=${refresh} />
    </div>
    ${
      refreshError.value &&
      html`<div class="notice error admin-error" role="alert">
        <${Icon} name="alert" />
        <p class="text"><b>Not refreshed.</b> ${refreshError.value}${data && ' The page shows the last state that was read.'}</p>
        <button type="button" class="button" onClick=${refresh}>Try again</button>
      </div>`
    }
    ${data ? html`<${Sections} data=${data} refresh=${refresh} />` : !refreshError.value && html`<div class="skeleton view-skeleton" aria-busy="true"></div>`}
  `;
}

/** The time of the last refresh, which a screen reader reads only when the user goes there. @param {{refresh: () => void}} props */
function Refresh({ refresh }) {
  const now = useServerNow();
  const refreshedAt = fleet.value?.refreshedAt;
  return html`<p class="toolbar">
    <span class="text-muted small"
      >${refreshedAt ? `Refreshed ${formatCountdown(Math.floor((now - refreshedAt) / 1_000) * 1_000)} ago` : 'Reading…'}</span
    >
    <button type="button" class="button ghost" onClick=${refresh}><${Icon} name="retry" />Refresh</button>
  </p>`;
}

/** @param {{data: import('./admin/fleet.js').Fleet, refresh: () => void}} props */
function Sections({ data, refresh }) {
  const { backends, nodes, goneNodes, models, deliveries, webhooks, refreshedAt } = data;
  return html`<div class="admin">
    <${Problems} data=${data} />
    <${Section} id="backends" title="AI servers">
      <${Backends} backends=${backends} models=${models} refreshedAt=${refreshedAt} refresh=${refresh} />
    <//>
    <${Section} id="queue" title="Queue"><${Queue} models=${models} /><//>
    <${Section} id="nodes" title="Processes"><${Nodes} nodes=${nodes} goneNodes=${goneNodes} refreshedAt=${refreshedAt} /><//>
    <${Section} id="webhooks" title="Webhooks"
      ><${Webhooks} webhooks=${webhooks} deliveries=${deliveries} refreshedAt=${refreshedAt} refresh=${refresh}
    /><//>
  </div>`;
}

/** @param {{id: string, title: string, children?: unknown}} props */
function Section({ id, title, children }) {
  return html`<section class="stack admin-section" aria-labelledby=${`${id}-title`}>
    <h2 id=${`${id}-title`} tabindex="-1">${title}</h2>
    ${children}
  </section>`;
}

/** The problems, with links to their places on the page. @param {{data: import('./admin/fleet.js').Fleet}} props */
function Problems({ data }) {
  const problems = findProblems(data);
  const waiting = data.models.reduce((sum, queue) => sum + queue.waiting, 0);
  const running = data.models.reduce((sum, queue) => sum + queue.running, 0);
  const count = problems.length === 0 ? 'No problems' : plural(problems.length, 'problem');
  const summary = `${plural(data.nodes.length, 'process', 'processes')}, ${plural(data.backends.length, 'AI server')}, ${waiting} waiting and ${running} running generations`;
  return html`<section class=${`card admin-problems ${problems[0]?.level ?? 'ok'}`} aria-labelledby="problems-title">
    <h2 id="problems-title"><${Icon} name=${problems.length > 0 ? 'alert' : 'check'} /><span role="status">${count}</span></h2>
    <p class="text-muted small">${summary}</p>
    ${
      problems.length > 0 &&
      html`<ul>
        ${problems.map(
          ({ level, section, key, text }) =>
            html`<li key=${text}>
              <span class=${`badge ${level}`}>${level === 'error' ? 'Error' : 'Warning'}</span>
              <a href="#/admin" onClick=${(/** @type {Event} */ event) => showPlace(event, key, section)}>${text}</a>
            </li>`,
        )}
      </ul>`
    }
  </section>`;
}

/**
 * Moves to the place of a problem.
 * @param {Event} event
 * @param {string} key id of the element, if it has one
 * @param {string} section
 */
function showPlace(event, key, section) {
  event.preventDefault();
  const place = document.getElementById(key) ?? document.getElementById(`${section}-title`);
  place?.scrollIntoView({ block: 'start', behavior: 'smooth' });
  place?.focus({ preventScroll: true });
}
