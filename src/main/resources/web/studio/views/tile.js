// A generation in the gallery.

import { useServerNow } from '../clock.js';
import { endWords } from '../failure-words.js';
import { knownGeneration } from '../generations.js';
import { Icon } from '../icons.js';
import { generationHref } from '../router.js';
import { html, useRef } from '../vendor.js';
import { Picture } from './picture.js';
import { stateWords } from './state-words.js';

/**
 * A cancelled generation is no error.
 * @param {import('../client.js').Generation} generation
 * @returns {{name: import('../icons.js').IconName, kind: string}}
 */
function failureIcon({ error }) {
  return error?.code === 'CANCELLED' ? { name: 'cross', kind: '' } : { name: 'alert', kind: 'error' };
}

/** @param {{id: string}} props */
export function Tile({ id }) {
  const generation = knownGeneration(id)?.value;
  const watched = useRef(false);
  if (!generation) {
    return null;
  }
  const { status, images, prompt, count } = generation;
  const image = images?.[0];
  if (status === 'PENDING') {
    watched.current = true;
  }
  return html`<a class=${`tile ${status.toLowerCase()}`} href=${generationHref(id)} data-testid="tile" data-status=${status}>
    ${image && html`<${Picture} generationId=${id} image=${image} alt="" develop=${watched.current} />`}
    ${status === 'PENDING' && html`<${PendingText} generation=${generation} />`}
    ${
      status === 'FAILED' &&
      html`<span class="tile-state"
        ><${Icon} ...${failureIcon(generation)} /><span>${endWords(generation.error ?? {})}</span></span
      >`
    }
    <span class="tile-prompt" dir="auto">${prompt}</span>
    ${count > 1 && html`<span class="tile-count"><${Icon} name="images" />${images?.length ?? count}<span class="visually-hidden"> images</span></span>`}
  </a>`;
}

/** @param {{generation: import('../client.js').Generation}} props */
function PendingText({ generation }) {
  const now = useServerNow();
  const percent = generation.attempts.at(-1)?.progress?.percent;
  return html`<span class="tile-state">
    <span class="pulse"></span><span>${stateWords(generation, now)}</span>
    ${percent !== undefined && html`<span class="progress"><div style=${{ width: `${percent}%` }}></div></span>`}
  </span>`;
}
