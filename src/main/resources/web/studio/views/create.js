// The form that creates generations.

import { announce } from '../announcer.js';
import { ProblemError, submit } from '../api.js';
import { createGeneration } from '../client.js';
import { changeDraft, draftRequest, draft, limits, loadModels, models, validateDraft } from '../draft.js';
import { addCreated } from '../gallery-list.js';
import { Icon } from '../icons.js';
import { html, useEffect, useRef, useState } from '../vendor.js';
import { CountField, ModelField, NegativePromptField, PromptField, SeedField, SizeField } from './fields.js';
import { Problem } from './problem.js';

const FIELDS = ['prompt', 'negativePrompt', 'model', 'width', 'height', 'count', 'seed'];

const SUBMIT_KEYS = /Mac|iPhone|iPad/.test(navigator.userAgent) ? '⌘ ↵' : 'Ctrl ↵';

/**
 * The state of the last submission. `waiting` is the reason for which it is repeated.
 * @typedef {{state: 'idle'} | {state: 'sending', waiting?: Error} | {state: 'failed', error: unknown}} Submission
 */

export function CreateForm() {
  const form = useRef(/** @type {HTMLFormElement | null} */ (null));
  const abort = useRef(/** @type {AbortController | undefined} */ (undefined));
  const [errors, setErrors] = useState(/** @type {Map<string, string>} */ (new Map()));
  const [submission, setSubmission] = useState(/** @type {Submission} */ ({ state: 'idle' }));
  const sending = submission.state === 'sending';
  const current = draft.value;

  useEffect(() => {
    // The contract limits apply until the models are known. The service checks every request.
    loadModels().catch(() => {});
  }, []);
  useEffect(() => {
    if (errors.size) {
      setErrors(validateDraft());
    }
  }, [current]);

  /** @param {Map<string, string>} found */
  const showErrors = (found) => {
    setErrors(found);
    const [field, text] = found.entries().next().value ?? [];
    if (field) {
      announce(`${field === 'prompt' ? '' : `${field}: `}${text}`);
      requestAnimationFrame(() => document.getElementById(field)?.focus());
    }
  };

  const send = async () => {
    if (sending) {
      return;
    }
    const found = validateDraft();
    if (found.size) {
      showErrors(found);
      return;
    }
    setErrors(new Map());
    setSubmission({ state: 'sending' });
    abort.current = new AbortController();
    try {
      const generation = await submit(
        createGeneration,
        { body: draftRequest() },
        {
          signal: abort.current.signal,
          onWaiting: (error) => setSubmission({ state: 'sending', waiting: error }),
        },
      );
      setSubmission({ state: 'idle' });
      announce('Generation queued.');
      addCreated(generation);
      showStage();
    } catch (error) {
      if (abort.current.signal.aborted) {
        setSubmission({ state: 'idle' });
        return;
      }
      const fields = fieldErrors(error);
      setSubmission(fields.size ? { state: 'idle' } : { state: 'failed', error });
      showErrors(fields);
    }
  };

  return html`<form
    ref=${form}
    class="create"
    novalidate
    onKeyDown=${ignoreHeldEnter}
    onSubmit=${(/** @type {Event} */ event) => {
      event.preventDefault();
      send();
    }}
  >
    <h1 id="create-title" tabindex="-1">Create</h1>
    <${PromptField} errors=${errors} onSubmit=${send} />
    ${models.value.length > 1 && html`<${ModelField} errors=${errors} />`}
    <${SizeField} errors=${errors} />
    <div class="create-row">
      <${CountField} errors=${errors} />
      ${limits.value.seed && html`<${SeedField} errors=${errors} />`}
    </div>
    ${limits.value.negativePrompt && html`<${NegativePromptField} errors=${errors} />`}
    <div class="create-send">
      <button class="button primary" aria-disabled=${sending ? 'true' : undefined} title=${SUBMIT_KEYS} onClick=${ignoreSecondClick}>
        ${sending ? 'Sending…' : 'Generate'} <kbd aria-hidden="true">${SUBMIT_KEYS}</kbd>
      </button>
    </div>
    ${
      submission.state === 'sending' &&
      submission.waiting &&
      html`<div class="notice warn">
        <${Icon} name="alert" />
        <p class="text">${submission.waiting.message} The same request is sent again; it cannot create a second generation.</p>
        <button type="button" class="button" onClick=${() => abort.current?.abort()}>Stop</button>
      </div>`
    }
    ${submission.state === 'failed' && html`<${Problem} error=${submission.error} onRetry=${send} />`}
  </form>`;
}

/** Ignores the repetitions of an Enter that is held down: each would create a generation. @param {KeyboardEvent} event */
function ignoreHeldEnter(event) {
  const startsLine = event.target instanceof HTMLTextAreaElement && !event.ctrlKey && !event.metaKey;
  if (event.key === 'Enter' && event.repeat && !startsLine) {
    event.preventDefault();
  }
}

/** Ignores the second click of a double click, which would create a second generation after a fast response. @param {MouseEvent} event */
function ignoreSecondClick(event) {
  if (event.detail > 1) {
    event.preventDefault();
  }
}

/** Brings the stage into view on narrow pages, where it is below the form. */
function showStage() {
  requestAnimationFrame(() => {
    const stage = document.querySelector('.stage');
    if (stage && stage.getBoundingClientRect().top > innerHeight * 0.5) {
      // Hides the keyboard of a phone.
      /** @type {HTMLElement | null} */ (document.activeElement)?.blur();
      stage.scrollIntoView({ behavior: matchMedia('(prefers-reduced-motion: reduce)').matches ? 'auto' : 'smooth', block: 'start' });
    }
  });
}

/**
 * The errors that the service reports for fields of the form.
 * @param {unknown} error
 * @returns {Map<string, string>}
 */
function fieldErrors(error) {
  const found = new Map();
  if (error instanceof ProblemError) {
    for (const field of FIELDS) {
      const detail = error.fields.get(`#/${field}`);
      if (detail) {
        found.set(field, `${detail.charAt(0).toUpperCase()}${detail.slice(1)}.`);
      }
    }
  }
  // An error of a field that the form does not show is shown as a whole.
  if (error instanceof ProblemError && [...error.fields.keys()].some((pointer) => !FIELDS.includes(pointer.replace('#/', '')))) {
    return new Map();
  }
  return found;
}

const EXAMPLES = [
  'Mountains at sunset, layers of mist',
  'A lighthouse in a storm, long exposure',
  'Desert road at night under the Milky Way',
  'Birch forest in the first snow, soft light',
];

/** Prompts to start with. */
export function ExamplePrompts() {
  return html`<ul class="examples">
    ${EXAMPLES.map(
      (prompt) => html`<li key=${prompt}>
        <button
          type="button"
          class="button"
          onClick=${() => {
            changeDraft({ prompt });
            document.getElementById('prompt')?.focus();
          }}
        >
          ${prompt}
        </button>
      </li>`,
    )}
  </ul>`;
}
