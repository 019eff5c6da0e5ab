import { html, useState } from '../../vendor.js';
import { showToast } from '../../announcer.js';
import { call, errorText } from '../../api.js';
import { disableWebhook, enableWebhook, testWebhook } from '../../client.js';
import { formatAge, formatDateTime, formatDuration } from '../../format.js';
import { session } from '../../session.js';
import { ConfirmDialog } from '../confirm-dialog.js';
import { Deliveries } from './deliveries.js';
import { replaceWebhook } from './fleet.js';
import { words } from './names.js';
import { webhookProblems } from './problems.js';
import { RedeliverDialog } from './redeliver-dialog.js';

/** @typedef {import('./fleet.js').Webhook} Webhook */

/**
 * The webhooks of the admin, failing ones first. Those of other users are not visible, by the contract.
 * @param {{webhooks: Webhook[], deliveries: import('./fleet.js').DeliveryQueue, refreshedAt: number, refresh: () => void}} props
 */
export function Webhooks({ webhooks, deliveries, refreshedAt, refresh }) {
  const current = session.value;
  const user = current.state === 'signedIn' ? current.user.name : '';
  const sorted = webhooks.toSorted((left, right) => webhookProblems(right).length - webhookProblems(left).length);
  return html`
    <p class="small">
      Deliveries of all users: <b>${deliveries.waiting}</b> waiting, <b>${deliveries.running}</b> running.${' '} ${dueText(deliveries)}
    </p>
    <p class="text-muted small">
      Webhooks belong to their users. The list has the webhooks of <b>${user}</b>; an admin cannot read the webhooks of others.
    </p>
    ${
      webhooks.length === 0 &&
      html`<div class="card empty">
        <h3>No webhooks</h3>
        <p>A webhook sends the end of each generation to a URL of yours.</p>
        <a class="button" href="docs/guide/webhooks">How to register one</a>
      </div>`
    }
    ${sorted.map((webhook) => html`<${WebhookItem} key=${webhook.id} webhook=${webhook} refreshedAt=${refreshedAt} refresh=${refresh} />`)}
  `;
}

/** @param {import('./fleet.js').DeliveryQueue} deliveries */
function dueText({ oldestWaitSeconds }) {
  if (oldestWaitSeconds === undefined) {
    return 'None is due.';
  }
  return oldestWaitSeconds === 0 ? 'Some are due now.' : `The oldest is due for ${formatDuration(oldestWaitSeconds * 1_000)}.`;
}

/** @param {{webhook: Webhook, refreshedAt: number, refresh: () => void}} props */
function WebhookItem({ webhook, refreshedAt, refresh }) {
  const [open, setOpen] = useState(false);
  const [dialog, setDialog] = useState(/** @type {'disable' | 'redeliver' | ''} */ (''));
  const [changes, setChanges] = useState(0);
  const [result, setResult] = useState(/** @type {{kind: string, text: string} | null} */ (null));
  const close = () => setDialog('');
  const test = async () => {
    setResult({ kind: 'neutral', text: 'Sending…' });
    setResult(await sendTest(id));
  };
  const { id, url, enabled, description, eventTypes, format } = webhook;
  const afterRedelivery = () => {
    setOpen(true);
    setChanges((count) => count + 1);
    refresh();
  };
  return html`<article class="card admin-item" id=${`webhook-${id}`} tabindex="-1" aria-label=${`Webhook ${url}`}>
    <header class="admin-item-head">
      <div>
        <h3 class="admin-url">${url}</h3>
        <p class="text-muted small">
          ${description && `${description} · `}${eventTypes.includes('*') ? 'all events' : eventTypes.join(', ')} · ${words(format)} format
          · registered${' '} ${formatAge(webhook.createdAt, refreshedAt)}
        </p>
      </div>
      <${WebhookState} webhook=${webhook} />
    </header>
    <div class="toolbar">
      <button
        type="button"
        class="button"
        aria-expanded=${open ? 'true' : 'false'}
        aria-controls=${`deliveries-${id}`}
        onClick=${() => setOpen(!open)}
      >
        ${open ? 'Hide deliveries' : 'Show deliveries'}
      </button>
      <button type="button" class="button" onClick=${() => setDialog('redeliver')}>Redeliver failed…</button>
      <button type="button" class="button" onClick=${test}>Send a test</button>
      <${EnableButton} webhook=${webhook} onDisable=${() => setDialog('disable')} />
    </div>
    <p role="status" class="admin-test">${result && html`<span class=${`badge ${result.kind}`}>${result.text}</span>`}</p>
    <div id=${`deliveries-${id}`}>${open && html`<${Deliveries} webhookId=${id} changes=${changes} refreshedAt=${refreshedAt} />`}</div>
    ${
      dialog === 'disable' &&
      html`<${ConfirmDialog}
        title="Disable this webhook?"
        confirm="Disable"
        danger
        onConfirm=${async () => replaceWebhook(await call(disableWebhook, { path: { webhookId: id } }))}
        onClose=${close}
      >
        <p class="admin-url">${url}</p>
        <p>It gets no new events, and scheduled deliveries fail. After enabling it, failed and missed deliveries can be sent again.</p>
      <//>`
    }
    ${dialog === 'redeliver' && html`<${RedeliverDialog} webhook=${webhook} enabled=${enabled} onDone=${afterRedelivery} onClose=${close} />`}
  </article>`;
}

/** @param {{webhook: Webhook}} props */
function WebhookState({ webhook: { enabled, disabledReason, disabledAt, failingSince } }) {
  if (!enabled) {
    const byOwner = disabledReason === 'BY_OWNER';
    return html`<p>
      <span class=${`badge ${byOwner ? 'neutral' : 'error'}`}>Disabled</span>
      <span class="text-muted small">
        ${byOwner ? 'by its owner' : words(disabledReason ?? '')}${disabledAt && ` since ${formatDateTime(disabledAt)}`}</span
      >
    </p>`;
  }
  return failingSince
    ? html`<p><span class="badge warn">Failing</span> <span class="text-muted small">since ${formatDateTime(failingSince)}</span></p>`
    : html`<p><span class="badge ok">Enabled</span></p>`;
}

/** @param {{webhook: Webhook, onDisable: () => void}} props */
function EnableButton({ webhook, onDisable }) {
  const enable = async () => {
    try {
      replaceWebhook(await call(enableWebhook, { path: { webhookId: webhook.id } }));
      showToast('Webhook enabled');
    } catch (error) {
      showToast(errorText(error));
    }
  };
  return html`<button type="button" class="button ghost" onClick=${webhook.enabled ? onDisable : enable}>
    ${webhook.enabled ? 'Disable…' : 'Enable'}
  </button>`;
}

/**
 * Sends a test event and describes its result.
 * @param {string} webhookId
 */
async function sendTest(webhookId) {
  try {
    const { delivered, httpStatus, code, durationMs } = await call(testWebhook, { path: { webhookId } });
    const response = httpStatus ? `the receiver responded with ${httpStatus}` : words(code ?? '');
    return { kind: delivered ? 'ok' : 'error', text: `${delivered ? 'Delivered' : 'Failed'}: ${response}, after ${durationMs} ms` };
  } catch (error) {
    return { kind: 'error', text: errorText(error) };
  }
}
