import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLoadLimiter } from '../../main/resources/web/studio/image-load-limiter.js';

/** @param {import('node:test').TestContext} context */
function limiter(context) {
  context.mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  return createLoadLimiter({ burst: 2, perSecond: 10, now: () => Date.now() });
}

test('permits the burst at once, then the rate, the newest first', (context) => {
  // given
  const loads = limiter(context);
  /** @type {string[]} */
  const loaded = [];

  // when
  for (const name of ['a', 'b', 'c', 'd']) {
    loads.enqueue(() => loaded.push(name));
  }
  context.mock.timers.tick(0);

  // then
  assert.deepEqual(loaded, ['d', 'c']);
  context.mock.timers.tick(100);
  assert.deepEqual(loaded, ['d', 'c', 'b']);
  context.mock.timers.tick(100);
  assert.deepEqual(loaded, ['d', 'c', 'b', 'a']);
});

test('skips an image that gave up its place', (context) => {
  // given
  const loads = limiter(context);
  /** @type {string[]} */
  const loaded = [];
  loads.enqueue(() => loaded.push('a'));
  const giveUp = loads.enqueue(() => loaded.push('b'));

  // when
  giveUp();
  context.mock.timers.tick(1000);
  giveUp();

  // then
  assert.deepEqual(loaded, ['a']);
});
