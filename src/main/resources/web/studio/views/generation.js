// The page of a generation: images, prompt, actions, its attempts and its values.

import { ProblemError } from '../api.js';
import { useServerNow } from '../clock.js';
import { copyText, curlCommand, generationUrl, javascriptCall, pythonCall } from '../copy.js';
import { draftFrom } from '../draft.js';
import { formatBytes, formatCost, formatDateTime, plural } from '../format.js';
import { findNeighbors, forgetGeneration } from '../gallery-list.js';
import { renewExpiredUrls } from '../generations.js';
import { Icon } from '../icons.js';
import { generationHref, navigate } from '../router.js';
import { markGenerationRead } from '../notifications.js';
import { html, useEffect, useState } from '../vendor.js';
import { CancelButton, DeleteButton, RetryButton } from './actions.js';
import { Attempts } from './attempts.js';
import { Frames } from './frame.js';
import { Problem } from './problem.js';
import { useWatchedGeneration } from './stage.js';
import { stateWords, totalDuration } from './state-words.js';

/** @typedef {import('../client.js').Generation} Generation */

/** @param {{id: string}} props */
export function GenerationView({ id }) {
  const { live, generation, watched } = useWatchedGeneration(id);
  const error = live.error.value;
  const gone = error instanceof ProblemError && (error.status === 404 || error.status === 400);
  useEffect(() => {
    if (gone) {
      forgetGeneration(id);
    }
  }, [gone]);
  useEffect(() => {
    if (generation && generation.status !== 'PENDING') {
      markGenerationRead(id);
    }
  }, [generation?.status]);
  useEffect(() => {
    // The gallery may have read it long ago.
    if (generation) {
      renewExpiredUrls(generation);
    }
  }, [generation?.id]);
  if (gone) {
    return html`<div class="empty">
      <${Icon} name="image" />
      <h1 tabindex="-1">Generation not found</h1>
      <p>It was deleted, or belongs to another user.</p>
      <a class="button" href="#/">Open the gallery</a>
    </div>`;
  }
  if (!generation) {
    return html`<h1 tabindex="-1" class="visually-hidden">Generation</h1>
      ${error ? html`<${Problem} error=${error} onRetry=${() => live.refresh()} />` : html`<${LoadingGeneration} />`}`;
  }
  return html`<article class="detail" data-testid="generation" data-status=${generation.status}>
    <${DetailHead} generation=${generation} />
    <div class="detail-images"><${LiveFrames} generation=${generation} watched=${watched} /></div>
    <div class="detail-side">
      <${PromptCard} generation=${generation} />
      <${DetailActions} generation=${generation} onUpdate=${(/** @type {Generation} */ next) => live.update(next)} />
      <${Parameters} generation=${generation} />
    </div>
    <section class="card detail-attempts" aria-labelledby="attempts-title">
      <div class="page-head">
        <h2 id="attempts-title">Attempts</h2>
        <span class="text-muted small">${attemptSummary(generation)}</span>
      </div>
      <${Attempts} generation=${generation} />
    </section>
    <${Snippets} generation=${generation} />
  </article>`;
}

/** @param {{generation: Generation, watched: boolean}} props */
function LiveFrames({ generation, watched }) {
  const now = useServerNow(generation.status === 'PENDING');
  return html`<${Frames} generation=${generation} now=${now} develop=${watched} />`;
}

function LoadingGeneration() {
  return html`<div class="detail" aria-busy="true">
    <div class="detail-images"><div class="skeleton detail-skeleton"></div></div>
    <div class="detail-side"><div class="skeleton view-skeleton"></div></div>
  </div>`;
}

/** @param {{generation: Generation}} props */
function DetailHead({ generation }) {
  const now = useServerNow(generation.status === 'PENDING');
  const [neighbors, setNeighbors] = useState(/** @type {{newer?: string, older?: string}} */ ({}));
  useEffect(() => {
    let current = true;
    findNeighbors(generation).then(
      (found) => current && setNeighbors(found),
      () => {},
    );
    return () => {
      current = false;
    };
  }, [generation.id]);
  useEffect(() => {
    document.title = `${shortPrompt(generation)} · Darkroom`;
  }, [generation.prompt]);
  useEffect(() => {
    /** @param {KeyboardEvent} event */
    const onKeyDown = (event) => {
      const target = /** @type {HTMLElement} */ (event.target);
      if (
        event.altKey ||
        event.ctrlKey ||
        event.metaKey ||
        event.shiftKey ||
        target.closest('input, textarea, select, dialog, pre, [role=tablist]')
      ) {
        return;
      }
      const next = { ArrowLeft: neighbors.newer, ArrowRight: neighbors.older }[event.key];
      if (next) {
        navigate(generationHref(next));
      }
    };
    addEventListener('keydown', onKeyDown);
    return () => removeEventListener('keydown', onKeyDown);
  }, [neighbors]);
  return html`<div class="detail-head">
    <a class="button ghost detail-back" href="#/"><${Icon} name="grid" />Gallery</a>
    <h1 tabindex="-1" class="visually-hidden">Generation: ${shortPrompt(generation)}</h1>
    <span class=${`badge ${{ PENDING: 'info', COMPLETE: 'ok', FAILED: 'error' }[generation.status]}`}>${stateWords(generation, now)}</span>
    <nav class="detail-neighbors" aria-label="Neighbors">
      <${NeighborLink} id=${neighbors.newer} icon="arrowLeft" label="Newer generation" />
      <${NeighborLink} id=${neighbors.older} icon="arrowRight" label="Older generation" />
    </nav>
  </div>`;
}

/** The start of the prompt. @param {Generation} generation */
function shortPrompt({ prompt }) {
  const letters = Array.from(prompt);
  return letters.length > 80 ? `${letters.slice(0, 79).join('')}…` : prompt;
}

/** @param {{id?: string, icon: 'arrowLeft' | 'arrowRight', label: string}} props */
function NeighborLink({ id, icon, label }) {
  return id
    ? html`<a class="button icon-only" href=${generationHref(id)} aria-label=${label} title=${label}><${Icon} name=${icon} /></a>`
    : html`<a class="button icon-only" role="link" aria-disabled="true" aria-label=${label}><${Icon} name=${icon} /></a>`;
}

/** @param {{generation: Generation}} props */
function PromptCard({ generation }) {
  const { id, prompt, negativePrompt } = generation;
  return html`<section class="prompt-card" aria-labelledby="prompt-title">
    <h2 id="prompt-title" class="visually-hidden">Prompt</h2>
    <p class="prompt-text" dir="auto">${prompt}</p>
    ${negativePrompt && html`<p class="text-muted"><span class="small">Negative prompt:</span> <bdi>${negativePrompt}</bdi></p>`}
    <div class="toolbar prompt-copy">
      <button type="button" class="button ghost" onClick=${() => copyText(prompt, 'Prompt')}><${Icon} name="copy" />Copy prompt</button>
      <button type="button" class="button ghost" onClick=${() => copyText(generationUrl(id), 'Link')}><${Icon} name="link" />Copy link</button>
    </div>
  </section>`;
}

/** @param {{generation: Generation, onUpdate: (generation: Generation) => void}} props */
function DetailActions({ generation, onUpdate }) {
  const { id, status, images, error } = generation;
  return html`${
    error &&
    html`<div class=${`notice ${error.code === 'CANCELLED' ? '' : 'error'}`}>
        <${Icon} name="alert" />
        <div class="text"><p>${error.message}</p><p class="small"><code>${error.code}</code>${!error.retryable && ' · the same request would fail again'}</p></div>
      </div>`
  }
    <div class="toolbar">
      ${status === 'COMPLETE' && html`<${DownloadButtons} id=${id} images=${images ?? []} />`}
      ${status === 'FAILED' && error?.retryable && html`<${RetryButton} generation=${generation} primary=${true} onCreated=${openCreated} />`}
      ${status !== 'PENDING' && html`<${EditButton} generation=${generation} />`}
      ${status === 'FAILED' && !error?.retryable && html`<${RetryButton} generation=${generation} onCreated=${openCreated} />`}
      ${
        status === 'PENDING'
          ? html`<${CancelButton} generation=${generation} onCancelled=${onUpdate} />`
          : html`<${DeleteButton} generation=${generation} onDeleted=${() => navigate('#/')} />`
      }
    </div>`;
}

/** @param {Generation} created */
function openCreated({ id }) {
  navigate(generationHref(id));
}

/** Fills the form with the values of a generation. @param {{generation: Generation}} props */
function EditButton({ generation }) {
  // A request that cannot succeed unchanged must be edited.
  const edited = generation.error?.retryable === false;
  return html`<button
    type="button"
    class=${`button ${edited ? 'primary' : ''}`}
    onClick=${() => {
      draftFrom(generation, !edited);
      navigate('#/');
    }}
  >
    <${Icon} name="pencil" />Edit as new
  </button>`;
}

/** @param {{id: string, images: import('../client.js').Image[]}} props */
function DownloadButtons({ id, images }) {
  const links = images.map(
    (image, index) => html`<${DownloadButton}
      key=${image.sha256}
      id=${id}
      image=${image}
      number=${images.length > 1 ? index + 1 : 0}
      name=${`darkroom-${id.slice(-12)}${images.length > 1 ? `-${index + 1}` : ''}.${image.contentType.split('/')[1]}`}
    />`,
  );
  return images.length > 1
    ? html`<div class="downloads" role="group" aria-labelledby="downloads-label">
        <span id="downloads-label"><${Icon} name="download" />Download</span>
        <div>${links}</div>
      </div>`
    : links;
}

/** @param {{id: string, image: import('../client.js').Image, number: number, name: string}} props `number` is 0 for the only image */
function DownloadButton({ id, image, number, name }) {
  return html`<a
    class=${`button ${number ? '' : 'primary'}`}
    href=${image.url}
    aria-label=${number ? `Download image ${number}` : undefined}
    download=${name}
    target="_blank"
    rel="noreferrer"
    onFocus=${() => renewExpiredUrls({ id, images: [image] })}
    onPointerEnter=${() => renewExpiredUrls({ id, images: [image] })}
    >${number || html`<${Icon} name="download" />Download`}</a
  >`;
}

/** @param {{generation: Generation}} props */
function Parameters({ generation }) {
  const { width, height, seed, model, createdAt, completedAt, images, metadata, parameters, retryOf, costMicros, priority, id, inputImages } =
    generation;
  return html`<dl class="facts">
    <${Fact} name="Size" value=${`${width} × ${height}`} />
    <${Fact} name="Seed" value=${String(seed)} copy=${true} />
    ${model && html`<${Fact} name="Model" value=${model} />`}
    ${images && html`<${Fact} name=${images.length > 1 ? 'Images' : 'Image'} value=${imageFacts(images)} />`}
    ${inputImages && html`<${Fact} name="Input" value=${plural(inputImages.length, 'image')} />`}
    ${priority ? html`<${Fact} name="Priority" value=${String(priority)} />` : ''}
    ${costMicros !== undefined && html`<${Fact} name="Cost" value=${formatCost(costMicros)} />`}
    <${Fact} name="Created" value=${formatDateTime(createdAt)} />
    ${completedAt && html`<${Fact} name="Duration" value=${totalDuration(generation)} />`}
    ${Object.entries(parameters ?? {}).map(([name, value]) => html`<${Fact} key=${`p-${name}`} name=${name} value=${JSON.stringify(value)} />`)}
    ${Object.entries(metadata ?? {}).map(([name, value]) => html`<${Fact} key=${`m-${name}`} name=${name} value=${value} />`)}
    ${
      retryOf &&
      html`<div class="fact">
        <dt>Retry of</dt>
        <dd><a href=${generationHref(retryOf)}>the failed generation</a></dd>
      </div>`
    }
    <${Fact} name="ID" value=${id} copy=${true} />
  </dl>`;
}

/** @param {import('../client.js').Image[]} images */
function imageFacts(images) {
  const total = images.reduce((sum, image) => sum + image.bytes, 0);
  const types = [...new Set(images.map((image) => image.contentType.split('/')[1]?.toUpperCase()))].join(', ');
  return `${images.length > 1 ? `${images.length}, ` : ''}${types}, ${formatBytes(total)}`;
}

/** @param {{name: string, value: string, copy?: boolean}} props */
function Fact({ name, value, copy = false }) {
  return html`<div class="fact">
    <dt>${name}</dt>
    <dd>
      <span class=${name === 'ID' ? 'mono' : ''}>${value}</span>${
        copy &&
        html`<button type="button" class="button ghost icon-only fact-copy" aria-label=${`Copy ${name === 'ID' ? name : name.toLowerCase()}`} onClick=${() => copyText(value, name)}>
          <${Icon} name="copy" />
        </button>`
      }
    </dd>
  </div>`;
}

/** @param {Generation} generation */
function attemptSummary({ attempts, submissions, failedAttempts, status }) {
  if (attempts.length === 0) {
    return '';
  }
  const parts = [plural(attempts.length, 'attempt')];
  if (failedAttempts) {
    parts.push(`${failedAttempts} failed`);
  }
  if (status !== 'PENDING') {
    parts.push(`${plural(submissions, 'submission')} to the AI server`);
  }
  return parts.join(' · ');
}

const LANGUAGES = [
  { name: 'curl', text: curlCommand },
  { name: 'Python', text: pythonCall },
  { name: 'JavaScript', text: javascriptCall },
];

/** The same request as a command and as calls of OpenAI clients. @param {{generation: Generation}} props */
function Snippets({ generation }) {
  const [chosen, setChosen] = useState(0);
  const text = LANGUAGES[chosen]?.text(generation) ?? '';
  return html`<section class="card snippets" aria-labelledby="snippets-title">
    <div class="page-head">
      <h2 id="snippets-title">Make it from code</h2>
      <fieldset class="segments">
        <legend class="visually-hidden">Language</legend>
        ${LANGUAGES.map(
          ({ name }, index) => html`<label key=${name}>
            <input type="radio" name="language" checked=${index === chosen} onChange=${() => setChosen(index)} />${name}
          </label>`,
        )}
      </fieldset>
      <button type="button" class="button" onClick=${() => copyText(text, LANGUAGES[chosen]?.name ?? '')}><${Icon} name="copy" />Copy</button>
    </div>
    <pre tabindex="0" aria-label=${`${LANGUAGES[chosen]?.name} code`}><code>${text}</code></pre>
  </section>`;
}
