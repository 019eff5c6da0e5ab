// Says that the service cannot be reached, when the next attempt follows, and offers to try at once. Empty while it can be reached. Its element is
// always there, so that screen readers announce the text.
//
// Classes besides those of the design system: `banner`, with `warn` or `error`.

import { checkNow, connection, nextCheckAt } from '../connection.js';
import { html, useEffect, useSignal } from '../vendor.js';

export function ConnectionBanner() {
  const state = connection.value;
  return html`<div role="status" data-testid="connection-banner">
    ${state !== 'online' &&
    html`<div class=${`banner ${state === 'offline' ? 'error' : 'warn'}`}>
      <p>
        ${state === 'offline' ? 'You are offline. ' : 'The service cannot be reached. '}
        <span>This page is updated when the connection is back.</span>
        <${Countdown} />
      </p>
      <button class="button" type="button" onClick=${checkNow}>Try now</button>
    </div>`}
  </div>`;
}

/** The seconds until the next attempt; not announced, since it changes every second. */
function Countdown() {
  const now = useSignal(Date.now());
  useEffect(() => {
    const timer = setInterval(() => (now.value = Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  const seconds = Math.max(0, Math.ceil((nextCheckAt.value - now.value) / 1_000));
  return html`<span aria-hidden="true" class="text-muted">${seconds > 0 ? ` Next attempt in ${seconds} s.` : ' Trying…'}</span>`;
}
