import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FAULTS, faultOf, remainingCalls } from '../../main/resources/web/studio/simulator.js';

test('recognizes the fault of each of its steps, with any number of calls left', () => {
  for (const fault of FAULTS) {
    assert.equal(faultOf({ ...fault.step, times: 2 }), fault);
    assert.equal(faultOf({ ...fault.step }), fault);
  }
});

test('does not recognize the steps of other clients', () => {
  assert.equal(faultOf({ status: 503 }), undefined);
  assert.equal(faultOf({ drop: true, delay: '1s' }), undefined);
});

test('a step without a number is for one call', () => {
  assert.equal(remainingCalls({ drop: true }), 1);
  assert.equal(remainingCalls({ drop: true, times: -1 }), -1);
});
