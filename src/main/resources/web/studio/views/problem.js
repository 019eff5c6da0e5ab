// An error of the service or of the connection.

import { errorText, ProblemError } from '../api.js';
import { formatCountdown } from '../format.js';
import { Icon } from '../icons.js';
import { html, useEffect, useState } from '../vendor.js';

/**
 * Shows an error with its request id and a button that tries again, which waits as long as the service asks for.
 * @param {{error: unknown, title?: string, onRetry?: () => void}} props
 */
export function Problem({ error, title, onRetry }) {
  const [remaining, setRemaining] = useState(0);
  const problem = error instanceof ProblemError ? error : undefined;
  useEffect(() => {
    const end = Date.now() + (problem?.retryAfterMs ?? 0);
    const update = () => setRemaining(Math.max(0, end - Date.now()));
    update();
    const timer = setInterval(update, 500);
    return () => clearInterval(timer);
  }, [error]);
  return html`<div class="notice error" role="alert">
    <${Icon} name="alert" />
    <div class="text">
      <p><strong>${title ?? problem?.title ?? 'No connection'}</strong></p>
      <p>${errorText(error)}</p>
      ${problem?.requestId && html`<p class="small text-muted">Request <code>${problem.requestId}</code></p>`}
    </div>
    ${
      onRetry &&
      html`<button type="button" class="button" disabled=${remaining > 0} onClick=${onRetry}>
        ${remaining > 0 ? `Try again in ${formatCountdown(remaining)}` : 'Try again'}
      </button>`
    }
  </div>`;
}
