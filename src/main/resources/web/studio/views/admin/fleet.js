// The processes, AI servers, queue and webhooks of the admin page: the last successful answers, and the error of the last
// refresh. Outlives the view, so that old data is shown at once when it is opened again.

import { call, errorText } from '../../api.js';
import { getAllBackends, getAllNodes, getQueue, listWebhooks } from '../../client.js';
import { serverNow } from '../../clock.js';
import { onSessionEnd } from '../../session.js';
import { batch, signal } from '../../vendor.js';

/** @typedef {import('../../client.js').BackendStatus} BackendStatus */
/** @typedef {import('../../client.js').BackendOnNode} BackendOnNode */
/** @typedef {import('../../client.js').LiveNode} LiveNode */
/** @typedef {import('../../client.js').ModelQueue} ModelQueue */
/** @typedef {import('../../client.js').DeliveryQueue} DeliveryQueue */
/** @typedef {import('../../client.js').Webhook} Webhook */

/**
 * `goneNodes` are those that were live while this page was open, with the time of the first answer without them.
 * @typedef {{backends: BackendStatus[], nodes: LiveNode[], goneNodes: GoneNode[], models: ModelQueue[], deliveries: DeliveryQueue, webhooks: Webhook[], refreshedAt: number}} Fleet
 */

/** @typedef {{node: LiveNode, goneAt: number}} GoneNode */

const GONE_MILLIS = 10 * 60_000;
const MAX_WEBHOOKS = 100;

/** The last answers; null before the first. */
export const fleet = signal(/** @type {Fleet | null} */ (null));

/** Why the last refresh failed; empty after a success. */
export const refreshError = signal('');

/** Reads everything again. Keeps the old data when one request fails. */
export async function refreshFleet() {
  try {
    const [{ backends }, { nodes }, { models, deliveries }, { items }] = await Promise.all([
      call(getAllBackends),
      call(getAllNodes),
      call(getQueue),
      call(listWebhooks, { query: { limit: MAX_WEBHOOKS } }),
    ]);
    const refreshedAt = serverNow();
    batch(() => {
      fleet.value = {
        backends,
        nodes,
        goneNodes: findGone(fleet.peek(), nodes, refreshedAt),
        models,
        deliveries,
        webhooks: items,
        refreshedAt,
      };
      refreshError.value = '';
    });
  } catch (error) {
    refreshError.value = errorText(error);
  }
}

/**
 * Replaces an AI server by its newer state.
 * @param {BackendStatus} changed
 */
export function replaceBackend(changed) {
  const current = fleet.peek();
  if (current) {
    fleet.value = { ...current, backends: current.backends.map((backend) => (backend.name === changed.name ? changed : backend)) };
  }
}

/**
 * Replaces a webhook by its newer state.
 * @param {Webhook} changed
 */
export function replaceWebhook(changed) {
  const current = fleet.peek();
  if (current) {
    fleet.value = { ...current, webhooks: current.webhooks.map((webhook) => (webhook.id === changed.id ? changed : webhook)) };
  }
}

/**
 * @param {Fleet | null} previous
 * @param {LiveNode[]} nodes
 * @param {number} now
 * @returns {GoneNode[]} latest first
 */
function findGone(previous, nodes, now) {
  const live = new Set(nodes.map((node) => node.id));
  const ended = (previous?.nodes ?? []).filter((node) => !live.has(node.id)).map((node) => ({ node, goneAt: now }));
  const earlier = (previous?.goneNodes ?? []).filter((gone) => !live.has(gone.node.id) && now - gone.goneAt < GONE_MILLIS);
  return [...ended, ...earlier];
}

onSessionEnd(() => {
  fleet.value = null;
  refreshError.value = '';
});
