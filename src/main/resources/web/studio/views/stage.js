// The generation that this page created last, live, above the gallery.

import { announce } from '../announcer.js';
import { serverNow, useServerNow } from '../clock.js';
import { formatAge, plural } from '../format.js';
import { stagedId } from '../gallery-list.js';
import { keepGeneration, knownGeneration } from '../generations.js';
import { Icon } from '../icons.js';
import { useGeneration } from '../live-generation.js';
import { generationHref } from '../router.js';
import { html, useEffect, useRef } from '../vendor.js';
import { CancelButton, RetryButton } from './actions.js';
import { Attempts } from './attempts.js';
import { Frames } from './frame.js';
import { stateSentence, totalDuration } from './state-words.js';

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
  const scroller = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => {
    // Keeps the newest attempt in sight.
    scroller.current?.scrollTo({ top: scroller.current.scrollHeight });
  }, [generation?.attempts.length, generation?.status]);
  if (!generation) {
    return null;
  }
  return html`<section class="stage card" aria-labelledby="stage-title" data-testid="stage" data-status=${generation.status}>
    <div class="stage-frames"><${Frames} generation=${generation} now=${now} develop=${watched} /></div>
    <div class="stage-text">
      <div class="stage-head">
        <h2 id="stage-title" class="stage-prompt" dir="auto">${generation.prompt}</h2>
        <button
          type="button"
          class="button ghost icon-only"
          aria-label="Close the live view"
          title="Close"
          onClick=${() => {
            stagedId.value = '';
          }}
        >
          <${Icon} name="cross" />
        </button>
      </div>
      <div class="stage-attempts" tabindex="0" role="group" aria-label="Attempts" ref=${scroller}><${Attempts} generation=${generation} compact=${true} /></div>
      <p class="stage-summary text-muted small">${summary(generation)}</p>
      <div class="toolbar">
        <a class="button" href=${generationHref(id)}>Open</a>
        ${pending && html`<${CancelButton} generation=${generation} onCancelled=${(/** @type {any} */ cancelled) => live.update(cancelled)} />`}
        ${generation.status === 'FAILED' && !mustChange(generation) && html`<${RetryButton} generation=${generation} />`}
      </div>
    </div>
  </section>`;
}

/** Whether the same request would fail again. @param {import('../client.js').Generation} generation */
function mustChange({ error }) {
  return error?.retryable === false && error.code !== 'CANCELLED';
}

/** @param {import('../client.js').Generation} generation */
function summary(generation) {
  const { status, failedAttempts, error } = generation;
  if (status === 'FAILED') {
    return `${error?.message}${mustChange(generation) ? ' Change the request and generate again.' : ''}`;
  }
  const failed = failedAttempts ? plural(failedAttempts, 'failed attempt') : '';
  if (status === 'COMPLETE') {
    return `Complete in ${totalDuration(generation)}${failed && ` after ${failed}`}`;
  }
  return `Created ${formatAge(generation.createdAt, serverNow())}${failed && `, ${failed}`}`;
}
