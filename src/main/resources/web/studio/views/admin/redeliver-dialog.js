import { html, useState } from '../../vendor.js';
import { showToast } from '../../announcer.js';
import { call } from '../../api.js';
import { redeliverFailedWebhookDeliveries } from '../../client.js';
import { serverNow } from '../../clock.js';
import { plural } from '../../format.js';
import { ConfirmDialog } from '../confirm-dialog.js';

const RANGES = [
  { hours: 1, label: 'Last hour' },
  { hours: 24, label: 'Last day' },
  { hours: 168, label: 'Last week' },
  { hours: 720, label: 'Last 30 days' },
];

const HOUR_MS = 3_600_000;

/**
 * Asks for a time range, and sends its failed and missed deliveries again.
 * @param {{webhook: import('./fleet.js').Webhook, enabled: boolean, onDone: () => void, onClose: () => void}} props
 */
export function RedeliverDialog({ webhook, enabled, onDone, onClose }) {
  const [hours, setHours] = useState(24);
  const redeliver = async () => {
    const body = { after: new Date(serverNow() - hours * HOUR_MS).toISOString() };
    let queued = 0;
    let hasMore = true;
    while (hasMore) {
      const result = await call(redeliverFailedWebhookDeliveries, { path: { webhookId: webhook.id }, body });
      queued += result.queued;
      hasMore = result.hasMore;
    }
    showToast(queued === 0 ? 'No failed or missed deliveries in this time' : `${plural(queued, 'delivery', 'deliveries')} scheduled`);
    onDone();
  };
  return html`<${ConfirmDialog} title="Redeliver failed deliveries" confirm="Redeliver" onConfirm=${redeliver} onClose=${onClose}>
    <p>Sends deliveries that failed, and events that were not sent while the webhook was disabled, again.</p>
    ${!enabled && html`<p class="notice warn">The webhook is disabled. Enable it first.</p>`}
    <fieldset class="field">
      <legend>Created in the</legend>
      <div class="segments">
        ${RANGES.map(
          (range) =>
            html`<label
              ><input
                type="radio"
                name="range"
                checked=${hours === range.hours}
                onChange=${() => setHours(range.hours)}
              />${range.label}</label
            >`,
        )}
      </div>
    </fieldset>
  <//>`;
}
