// The place of the images of a generation: reserved in their shape while it is pending, so that nothing moves when they arrive.

import { endWords } from '../failure-words.js';
import { renewExpiredUrls } from '../generations.js';
import { Icon } from '../icons.js';
import { html } from '../vendor.js';
import { Picture } from './picture.js';
import { stateWords } from './state-words.js';

/** @typedef {import('../client.js').Generation} Generation */

/**
 * @param {{generation: Generation, now: number, develop: boolean}} props `develop` is true if the generation was pending while the user watched
 */
export function Frames({ generation, now, develop }) {
  const { images, count, width, height, status, prompt } = generation;
  const columns = Math.ceil(Math.sqrt(images?.length ?? count));
  return html`<div class="frames" style=${{ '--columns': columns, '--ratio': width / height }}>
    ${
      images
        ? images.map(
            (image, index) => html`<a
              key=${image.sha256}
              class="frame"
              href=${image.url}
              target="_blank"
              rel="noreferrer"
              style=${{ '--ratio': image.width / image.height }}
              onFocus=${() => renewExpiredUrls(generation)}
              onPointerEnter=${() => renewExpiredUrls(generation)}
              ><${Picture}
                generationId=${generation.id}
                image=${image}
                alt=${images.length > 1 ? `Image ${index + 1} of ${images.length}: ${prompt}` : prompt}
                develop=${develop}
                eager=${true}
              /><span class="visually-hidden">, opens the full image in a new tab</span></a
            >`,
          )
        : html`${Array.from(
            { length: count },
            (_, index) => html`<div key=${index} class=${`frame ${status === 'PENDING' ? 'pending' : 'failed'} ${develop ? 'watched' : ''}`}></div>`,
          )}
            <div class=${`frames-state ${status.toLowerCase()}`}>
              ${status === 'PENDING' ? html`<${Safelight} generation=${generation} now=${now} />` : html`<${FailedFrame} generation=${generation} />`}
            </div>`
    }
  </div>`;
}

/**
 * The lamp that glows while a generation is pending: it fills with the progress or empties with the wait.
 * @param {{generation: Generation, now: number}} props
 */
function Safelight({ generation, now }) {
  const last = generation.attempts.at(-1);
  let share = 1;
  let kind = 'wait';
  if (last?.outcome === 'RUNNING') {
    kind = 'running';
    share = last.progress?.percent === undefined ? 1 : last.progress.percent / 100;
  } else if (last?.retryAt && last.finishedAt) {
    const start = Date.parse(last.finishedAt);
    share = Math.min(1, Math.max(0, (Date.parse(last.retryAt) - now) / Math.max(1, Date.parse(last.retryAt) - start)));
  }
  return html`<svg class=${`safelight ${kind}`} viewBox="0 0 48 48" aria-hidden="true">
      <circle class="ring" cx="24" cy="24" r="21" />
      <circle class="share" cx="24" cy="24" r="21" pathLength="100" stroke-dasharray=${`${share * 100} 100`} transform="rotate(-90 24 24)" />
      <circle class="lamp" cx="24" cy="24" r="9" />
    </svg>
    <p class="frame-state">${stateWords(generation, now)}</p>`;
}

/** @param {{generation: Generation}} props */
function FailedFrame({ generation }) {
  const cancelled = generation.error?.code === 'CANCELLED';
  return html`<span class=${cancelled ? 'text-muted' : 'frame-error'}><${Icon} name=${cancelled ? 'cross' : 'alert'} /></span>
    <p class="frame-state">${endWords(generation.error ?? {})}</p>`;
}
