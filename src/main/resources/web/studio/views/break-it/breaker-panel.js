import { html, useEffect, useRef } from '../../vendor.js';
import { announce } from '../../announcer.js';
import { useServerNow } from '../../clock.js';
import { backend } from './demo.js';

/** @typedef {import('../../client.js').BackendOnNode} BackendOnNode */

const STATES = /** @type {const} */ ([
  { state: 'CLOSED', name: 'Closed', meaning: 'calls pass' },
  { state: 'OPEN', name: 'Open', meaning: 'no calls' },
  { state: 'HALF_OPEN', name: 'Half-open', meaning: 'trial calls' },
]);

const ANNOUNCEMENTS = {
  CLOSED: 'Circuit breaker closed: calls pass again.',
  OPEN: 'Circuit breaker open: no calls are sent.',
  HALF_OPEN: 'Circuit breaker half-open: trial calls are sent.',
};

/** The circuit breaker as three states, with the time until its next change. */
export function BreakerPanel() {
  const state = backend.value;
  const now = useServerNow();
  const observed = useRef({ breaker: '', key: '', since: 0, until: 0 });
  const breaker = state?.breaker;
  useEffect(() => {
    if (breaker && observed.current.breaker && observed.current.breaker !== breaker) {
      announce(ANNOUNCEMENTS[breaker]);
    }
    observed.current.breaker = breaker ?? '';
  }, [breaker]);

  const countdown = state && countdownOf(state, now, observed.current);
  const paused = (countdown?.seconds ?? 0) > 0 ? 'calls pause' : '';
  const stopped = breaker === 'CLOSED' && (state?.drained ? 'no calls' : paused);
  return html`<section class="card breaker" aria-labelledby="breaker-title">
    <div class="breaker-head">
      <h2 id="breaker-title">Circuit breaker</h2>
      <p class="breaker-text">${state ? describe(state, countdown?.seconds) : 'Reading the state of the AI server…'}</p>
    </div>
    <ol class="breaker-states">
      ${STATES.map(
        ({ state: each, name, meaning }) =>
          html`<li
            class=${`breaker-state ${each.toLowerCase().replace('_', '-')} ${stopped ? 'stopped' : ''}`}
            aria-current=${breaker === each ? 'step' : undefined}
          >
            <strong>${name}</strong><span>${(each === 'CLOSED' && stopped) || meaning}</span>
          </li>`,
      )}
    </ol>
    <div class=${`progress breaker-progress ${countdown ? '' : 'idle'}`} aria-hidden="true"><div style=${{ width: `${(countdown?.share ?? 0) * 100}%` }}></div></div>
  </section>`;
}

/**
 * The time until the next change of the AI server, as a number of seconds and as a share of the whole time.
 *
 * @param {BackendOnNode} state
 * @param {number} now
 * @param {{key: string, since: number, until: number}} observed the countdown of the last call
 */
function countdownOf(state, now, observed) {
  const open = state.breaker === 'OPEN' && state.openUntil;
  if (!open && state.retryAfterMs === 0) {
    observed.key = '';
    return null;
  }
  const key = open ? open : `pause-${state.breaker}`;
  const until = open ? Date.parse(open) : observed.key === key ? observed.until : now + state.retryAfterMs;
  if (observed.key !== key) {
    Object.assign(observed, { key, since: now, until });
  }
  const left = Math.max(0, until - now);
  return { seconds: Math.ceil(left / 1000), share: left / Math.max(1, until - observed.since) };
}

/**
 * @param {BackendOnNode} state
 * @param {number | undefined} seconds until the next change
 */
function describe(state, seconds = 0) {
  if (state.drained) {
    return 'An admin has drained this AI server: no calls are sent.';
  }
  if (state.breaker === 'OPEN') {
    const next =
      seconds > 0
        ? html`Next check in <b>${seconds} s</b>; each failure doubles the wait.`
        : 'The AI server is being checked now.';
    return html`No attempts are used up. ${next}`;
  }
  if (state.breaker === 'HALF_OPEN') {
    return html`Up to <b>${state.concurrency}</b> trial calls. If all succeed, the breaker closes.`;
  }
  if (state.retryAfterMs > 0 && seconds > 0) {
    return html`The AI server limits the rate: no calls for <b>${seconds} s</b>.`;
  }
  return html`Up to <b>${state.concurrency}</b> calls at once. Too many failures open the breaker.`;
}
