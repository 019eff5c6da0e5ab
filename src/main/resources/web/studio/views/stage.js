// The generation that this page created last, live, above the gallery.

import { announce } from '../announcer.js';
import { useServerNow } from '../clock.js';
import { keepGeneration, knownGeneration, stagedId } from '../generations.js';
import { Icon } from '../icons.js';
import { useGeneration } from '../live-generation.js';
import { generationHref } from '../router.js';
import { html, useEffect, useRef } from '../vendor.js';
import { CancelButton, RetryButton } from './actions.js';
import { Attempts } from './attempts.js';
import { Frames } from './frame.js';
import { stateSentence, stateWords, totalDuration } from './state-words.js';

export function Stage() {
  const id = stagedId.value;
  return id ? html`<${StagedGeneration} key=${id} id=${id} />` : null;
}

/**
 * Keeps the signal of a generation up to date and announces its changes. Also says whether it was pending when it was first shown.
 * @param {string} id
 */
export function useWatchedGeneration(id) {
  const live = useGeneration(id, knownGeneration(id)?.peek());
  const generation = live.generation.value;
  const watched = useRef(false);
  const sentence = useRef('');
  useEffect(() => {
    if (!generation) {
      return;
    }
    keepGeneration(generation);
    const next = stateSentence(generation);
    if (sentence.current && sentence.current !== next) {
      announce(next);
    }
    sentence.current = next;
  }, [generation]);
  if (generation?.status === 'PENDING') {
    watched.current = true;
  }
  return { live, generation, watched: watched.current };
}

/** @param {{id: string}} props */
function StagedGeneration({ id }) {
  const { live, generation, watched } = useWatchedGeneration(id);
  const pending = generation?.status === 'PENDING';
  const now = useServerNow(pending);
  if (!generation) {
    return null;
  }
  return html`<section class="stage card" aria-labelledby="stage-title" data-testid="stage" data-status=${generation.status}>
    <div class="stage-frames"><${Frames} generation=${generation} now=${now} develop=${watched} /></div>
    <div class="stage-text">
      <div class="stage-head">
        <h2 id="stage-title">${pending ? 'In progress' : 'Latest'}</h2>
        <span class=${`badge ${{ PENDING: 'info', COMPLETE: 'ok', FAILED: 'error' }[generation.status]}`}>${stateWords(generation, now)}</span>
        <button
          type="button"
          class="button ghost icon-only stage-close"
          aria-label="Close the live view"
          title="Close"
          onClick=${() => {
            stagedId.value = '';
          }}
        >
          <${Icon} name="cross" />
        </button>
      </div>
      <p class="stage-prompt">${generation.prompt}</p>
      <${Attempts} generation=${generation} />
      ${generation.error && html`<p class="stage-error">${generation.error.message}</p>`}
      ${
        !pending &&
        generation.status === 'COMPLETE' &&
        html`<p class="text-muted small">
          Finished in ${totalDuration(generation)}${generation.failedAttempts ? `, after ${generation.failedAttempts} failed ${generation.failedAttempts === 1 ? 'attempt' : 'attempts'}` : ''}
        </p>`
      }
      <div class="toolbar">
        <a class="button" href=${generationHref(id)}>Open</a>
        ${pending && html`<${CancelButton} generation=${generation} onCancelled=${(/** @type {any} */ cancelled) => live.update(cancelled)} />`}
        ${generation.status === 'FAILED' && html`<${RetryButton} generation=${generation} />`}
      </div>
    </div>
  </section>`;
}
