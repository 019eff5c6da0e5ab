// The problems that need the attention of an admin, worst first. Pure functions.

import { formatDuration } from '../../format.js';
import { generationsWait, modelName, nodeName, waitingFor, words } from './names.js';

/** @typedef {import('./fleet.js').Fleet} Fleet */
/** @typedef {import('./fleet.js').BackendStatus} BackendStatus */
/** @typedef {import('./fleet.js').ModelQueue} ModelQueue */
/** @typedef {import('./fleet.js').Webhook} Webhook */

/** @typedef {'backends' | 'queue' | 'nodes' | 'webhooks'} Section */
/** @typedef {{level: 'error' | 'warn', section: Section, key: string, text: string}} Problem */

/** A generation that is due for this time is late. */
const LATE_SECONDS = 60;

/** Attempts of a node are slow from this multiple of the fastest node, and from this time. */
const SLOW_FACTOR = 3;
const SLOW_MILLIS = 10_000;

/**
 * @param {Fleet} fleet
 * @returns {Problem[]} errors before warnings
 */
export function findProblems(fleet) {
  const problems = [
    ...nodeProblems(fleet),
    ...fleet.backends.flatMap((backend) => backendProblems(backend, fleet.models)),
    ...fleet.models.flatMap(queueProblems),
    ...deliveryProblems(fleet.deliveries),
    ...fleet.webhooks.flatMap(webhookProblems),
  ];
  return [...problems.filter(({ level }) => level === 'error'), ...problems.filter(({ level }) => level === 'warn')];
}

/**
 * @param {BackendStatus} backend
 * @param {ModelQueue[]} models
 * @returns {Problem[]}
 */
export function backendProblems(backend, models) {
  const waiting = waitingFor(backend, models);
  const wait = waiting > 0 ? `, ${generationsWait(waiting)}` : '';
  /** @type {Problem[]} */
  const problems = [];
  /** @param {Problem['level']} level @param {string} text */
  const add = (level, text) =>
    problems.push({ level, section: 'backends', key: `backend-${backend.name}`, text: `${backend.name}: ${text}` });
  const on = (/** @type {number} */ count) => (backend.nodes.length === 1 ? '' : ` on ${count} of ${backend.nodes.length} nodes`);
  const open = backend.nodes.filter(({ breaker }) => breaker === 'OPEN').length;
  const halfOpen = backend.nodes.filter(({ breaker }) => breaker === 'HALF_OPEN').length;
  const paused = backend.nodes.filter(({ retryAfterMs }) => retryAfterMs > 0).length;
  if (backend.drained) {
    add('warn', `drained${backend.drainedBy ? ` by ${backend.drainedBy}` : ''}${wait}`);
  }
  if (backend.nodes.length === 0) {
    add('error', `no node calls it${wait}`);
  }
  if (open > 0) {
    add('error', `breaker open${on(open)}${wait}`);
  }
  if (halfOpen > 0) {
    add('warn', `breaker half-open${on(halfOpen)}, trial calls only${wait}`);
  }
  if (paused > 0 && !backend.drained) {
    add('warn', `calls paused${on(paused)}${wait}`);
  }
  const bad = new Map(
    backend.nodes.flatMap(({ apiKeys }) => apiKeys.filter(({ state }) => state !== 'USABLE')).map((key) => [key.name, key]),
  );
  for (const key of bad.values()) {
    const unusable = backend.nodes.every(({ apiKeys }) => apiKeys.length > 0 && apiKeys.every(({ state }) => state !== 'USABLE'));
    add(unusable ? 'error' : 'warn', `API key ${key.name}: ${words(key.state)}`);
  }
  return problems;
}

/**
 * @param {ModelQueue} queue
 * @returns {Problem[]}
 */
export function queueProblems(queue) {
  const { waiting, oldestWaitSeconds = 0, configured } = queue;
  const key = `queue-${queue.model ?? ''}`;
  if (!configured) {
    return [
      {
        level: 'error',
        section: 'queue',
        key,
        text: `${modelName(queue)}: not configured, ${generationsWait(waiting)} until the deadline`,
      },
    ];
  }
  if (oldestWaitSeconds < LATE_SECONDS) {
    return [];
  }
  const text = `${modelName(queue)}: ${generationsWait(waiting)}, the oldest for ${formatDuration(oldestWaitSeconds * 1_000)}`;
  return [{ level: 'warn', section: 'queue', key, text }];
}

/**
 * @param {Fleet} fleet
 * @returns {Problem[]}
 */
function nodeProblems({ nodes, goneNodes }) {
  /** @type {Problem[]} */
  const problems = [];
  /** @param {Problem['level']} level @param {string} text */
  const add = (level, text) => problems.push({ level, section: 'nodes', key: 'nodes', text });
  if (!nodes.some((node) => node.roles.includes('worker') && !node.draining)) {
    add('error', 'No process calls AI servers: all generations wait');
  }
  for (const { node } of goneNodes.filter((gone) => !gone.node.draining)) {
    add('error', `${nodeName(node)}: no heartbeat, its work goes to the other processes`);
  }
  const slow = slowNodes(nodes);
  for (const node of nodes) {
    if (node.draining) {
      add('warn', `${nodeName(node)}: stopping`);
    }
    if (slow.has(node.id)) {
      add('warn', `${nodeName(node)}: slow attempts, ${formatDuration(node.averageAttemptMs ?? 0)} on average`);
    }
  }
  const versions = new Set(nodes.map((node) => node.version));
  if (versions.size > 1) {
    add('warn', `${versions.size} versions run: ${[...versions].join(', ')}`);
  }
  return problems;
}

/**
 * The ids of nodes with much slower attempts than the fastest one.
 * @param {import('./fleet.js').LiveNode[]} nodes
 */
export function slowNodes(nodes) {
  const fastest = Math.min(...nodes.map((node) => node.averageAttemptMs ?? Infinity));
  return new Set(
    nodes
      .filter(({ averageAttemptMs = 0 }) => averageAttemptMs >= SLOW_MILLIS && averageAttemptMs >= SLOW_FACTOR * fastest)
      .map((node) => node.id),
  );
}

/**
 * @param {import('./fleet.js').DeliveryQueue} deliveries
 * @returns {Problem[]}
 */
function deliveryProblems({ waiting, oldestWaitSeconds = 0 }) {
  if (oldestWaitSeconds < LATE_SECONDS) {
    return [];
  }
  const text = `Webhook deliveries: ${waiting} wait, the oldest for ${formatDuration(oldestWaitSeconds * 1_000)}`;
  return [{ level: 'warn', section: 'webhooks', key: 'webhooks-title', text }];
}

/**
 * @param {Webhook} webhook
 * @returns {Problem[]}
 */
export function webhookProblems(webhook) {
  const name = webhook.description ? `Webhook “${webhook.description}”` : `Webhook ${webhook.url.replace(/^https?:\/\//, '')}`;
  const key = `webhook-${webhook.id}`;
  if (!webhook.enabled && webhook.disabledReason !== 'BY_OWNER') {
    const reason = webhook.disabledReason === 'GONE' ? 'the receiver responded with 410' : 'every delivery failed for five days';
    return [{ level: 'error', section: 'webhooks', key, text: `${name}: disabled, because ${reason}` }];
  }
  return webhook.enabled && webhook.failingSince ? [{ level: 'warn', section: 'webhooks', key, text: `${name}: deliveries fail` }] : [];
}
