import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findProblems } from '../../main/resources/web/studio/views/admin/problems.js';

const NODE_A = '01a22ee9-7611-78c9-a4de-a0e28caaaaaa';
const NODE_B = '01a22ee9-7611-78c9-a4de-a0e28cbbbbbb';

/** @param {object} changes @returns {any} */
const onNode = (changes) => ({
  node: NODE_A,
  host: 'vm',
  breaker: 'CLOSED',
  drained: false,
  retryAfterMs: 0,
  concurrency: 4,
  availablePermits: 4,
  apiKeys: [],
  ...changes,
});
/** @param {object} changes @returns {any} */
const liveNode = (changes) => ({
  id: NODE_A,
  host: 'vm',
  version: '1',
  startedAt: '2026-12-01T00:00:00Z',
  draining: false,
  roles: ['worker'],
  concurrency: 4,
  backends: [],
  ...changes,
});
/** @param {object} changes @returns {any} */
const backend = (changes) => ({ name: 'gpu-1', type: 'openai', models: ['flux'], drained: false, readLimits: [], nodes: [onNode({})], ...changes });
/** @param {object} changes @returns {any} */
const queue = (changes) => ({ model: 'flux', configured: true, waiting: 0, running: 0, users: [], ...changes });
/** @param {object} changes @returns {any} */
const webhook = (changes) => ({
  id: NODE_A,
  url: 'https://shop.example.org/hook',
  eventTypes: ['*'],
  format: 'STANDARD',
  enabled: true,
  createdAt: '2026-12-01T00:00:00Z',
  ...changes,
});

/** The problems of an installation without any, except for the changes. @param {object} changes */
const texts = (changes) =>
  findProblems({ backends: [backend({})], nodes: [liveNode({})], goneNodes: [], models: [queue({})], deliveries: { waiting: 0, running: 0 }, webhooks: [webhook({})], refreshedAt: 0, ...changes }).map(
    ({ level, text }) => `${level} ${text}`.replaceAll('\u00a0', ' '),
  );

test('a healthy installation has no problems', () => {
  assert.deepEqual(texts({}), []);
});

test('names the open breaker with the nodes and the generations that wait for its models', () => {
  const nodes = [onNode({ breaker: 'OPEN' }), onNode({ breaker: 'OPEN' }), onNode({})];
  const models = [queue({ waiting: 14 }), queue({ model: 'sdxl', waiting: 3 })];
  assert.deepEqual(texts({ backends: [backend({ nodes })], models }), ['error gpu-1: breaker open on 2 of 3 nodes, 14 generations wait']);
});

test('counts the generations without a model for an AI server without names of models', () => {
  const backends = [backend({ models: [], nodes: [onNode({ breaker: 'HALF_OPEN' })] })];
  assert.deepEqual(texts({ backends, models: [queue({ model: undefined, waiting: 1 })] }), [
    'warn gpu-1: breaker half-open, trial calls only, 1 generation waits',
  ]);
});

test('reports drained and paused AI servers, and API keys in cooldown', () => {
  const backends = [
    backend({ drained: true, drainedBy: 'root', nodes: [onNode({ drained: true, retryAfterMs: 5 })] }),
    backend({ name: 'gpu-2', nodes: [onNode({ retryAfterMs: 5, apiKeys: [{ name: 'main', state: 'USABLE' }, { name: 'spare', state: 'RATE_LIMITED' }] })] }),
    backend({ name: 'gpu-3', nodes: [onNode({ apiKeys: [{ name: 'main', state: 'QUOTA_EXHAUSTED' }] })] }),
  ];
  assert.deepEqual(texts({ backends }), [
    'error gpu-3: API key main: quota exhausted',
    'warn gpu-1: drained by root',
    'warn gpu-2: calls paused',
    'warn gpu-2: API key spare: rate limited',
  ]);
});

test('reports long waits and models that are not configured', () => {
  const models = [queue({ waiting: 14, oldestWaitSeconds: 65 }), queue({ model: 'old', configured: false, waiting: 2 }), queue({ oldestWaitSeconds: 59 })];
  assert.deepEqual(texts({ models }), [
    'error old: not configured, 2 generations wait until the deadline',
    'warn flux: 14 generations wait, the oldest for 1 min 5 s',
  ]);
});

test('reports processes without a heartbeat, slow ones, several versions and no worker', () => {
  const nodes = [liveNode({ averageAttemptMs: 2_000 }), liveNode({ id: NODE_B, averageAttemptMs: 30_000, version: '2' })];
  const goneNodes = [
    { node: liveNode({ id: NODE_B }), goneAt: 0 },
    { node: liveNode({ draining: true }), goneAt: 0 },
  ];
  assert.deepEqual(texts({ nodes, goneNodes }), [
    'error vm · bbbbbb: no heartbeat, its work goes to the other processes',
    'warn vm · bbbbbb: slow attempts, 30.0 s on average',
    'warn 2 versions run: 1, 2',
  ]);
  assert.deepEqual(texts({ nodes: [liveNode({ roles: ['api'] })] }), ['error No process calls AI servers: all generations wait']);
});

test('reports late webhook deliveries', () => {
  assert.deepEqual(texts({ deliveries: { waiting: 40, running: 2, oldestWaitSeconds: 61 } }), ['warn Webhook deliveries: 40 wait, the oldest for 1 min 1 s']);
});

test('reports webhooks that fail or were disabled by the service, not by their owner', () => {
  const webhooks = [
    webhook({ failingSince: '2026-12-01T00:00:00Z', description: 'The shop' }),
    webhook({ enabled: false, disabledReason: 'GONE' }),
    webhook({ enabled: false, disabledReason: 'BY_OWNER' }),
  ];
  assert.deepEqual(texts({ webhooks }), [
    'error Webhook shop.example.org/hook: disabled, because the receiver responded with 410',
    'warn Webhook “The shop”: deliveries fail',
  ]);
});
