// Cancel, retry and delete, with their dialogs.

import { announce, showToast } from '../announcer.js';
import { call, ProblemError, submit } from '../api.js';
import { cancelGeneration, deleteGeneration, retryGeneration } from '../client.js';
import { addCreated, forgetGeneration, keepGeneration } from '../generations.js';
import { Icon } from '../icons.js';
import { html, useEffect, useId, useRef, useState } from '../vendor.js';
import { Problem } from './problem.js';

/** @typedef {import('../client.js').Generation} Generation */

/**
 * A question with a safe answer, which has the focus first.
 * @param {{title: string, text: string, keep: string, confirm: string, onConfirm: () => Promise<void>, onClose: () => void}} props
 *   the dialog closes when `onConfirm` succeeds, otherwise it shows the error
 */
function ConfirmDialog({ title, text, keep, confirm, onConfirm, onClose }) {
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const id = useId();
  const [running, setRunning] = useState(false);
  const [error, setError] = useState(/** @type {unknown} */ (undefined));
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  const run = async () => {
    setRunning(true);
    setError(undefined);
    try {
      await onConfirm();
      dialog.current?.close();
    } catch (failure) {
      setError(failure);
      setRunning(false);
    }
  };
  return html`<dialog
    ref=${dialog}
    class="dialog"
    aria-labelledby=${`${id}-title`}
    aria-describedby=${`${id}-text`}
    onClose=${onClose}
    onClick=${(/** @type {Event} */ event) => event.target === dialog.current && dialog.current?.close()}
  >
    <h2 id=${`${id}-title`}>${title}</h2>
    <p id=${`${id}-text`}>${text}</p>
    ${error !== undefined && html`<${Problem} error=${error} />`}
    <div class="actions">
      <button type="button" class="button" autofocus onClick=${() => dialog.current?.close()}>${keep}</button>
      <button type="button" class="button danger" disabled=${running} onClick=${run}>${confirm}</button>
    </div>
  </dialog>`;
}

/**
 * @param {{generation: Generation, onCancelled?: (generation: Generation) => void}} props
 */
export function CancelButton({ generation, onCancelled }) {
  const [open, setOpen] = useState(false);
  return html`<button type="button" class="button" onClick=${() => setOpen(true)}><${Icon} name="cross" />Cancel</button>
    ${
      open &&
      html`<${ConfirmDialog}
        title="Cancel this generation?"
        text="No further attempt is made. The AI server may already have done the work, and charge for it."
        keep="Keep waiting"
        confirm="Cancel generation"
        onClose=${() => setOpen(false)}
        onConfirm=${async () => {
          const cancelled = await call(cancelGeneration, { path: { generationId: generation.id } });
          keepGeneration(cancelled);
          onCancelled?.(cancelled);
          announce('Generation cancelled.');
        }}
      />`
    }`;
}

/** @param {{generation: Generation, onDeleted?: () => void}} props */
export function DeleteButton({ generation, onDeleted }) {
  const [open, setOpen] = useState(false);
  const images = generation.images?.length ?? 0;
  return html`<button type="button" class="button" onClick=${() => setOpen(true)}><${Icon} name="trash" />Delete</button>
    ${
      open &&
      html`<${ConfirmDialog}
        title="Delete this generation?"
        text=${`${images ? `Its ${images === 1 ? 'image' : `${images} images`} and its attempts` : 'The prompt and its attempts'} are deleted. This cannot be undone.`}
        keep="Keep it"
        confirm="Delete generation"
        onClose=${() => setOpen(false)}
        onConfirm=${async () => {
          await deleteIfFound(generation.id);
          forgetGeneration(generation.id);
          showToast('Generation deleted');
          onDeleted?.();
        }}
      />`
    }`;
}

/** Deletes a generation. Another tab may have deleted it before. @param {string} id */
async function deleteIfFound(id) {
  try {
    await call(deleteGeneration, { path: { generationId: id } });
  } catch (error) {
    if (!(error instanceof ProblemError && error.status === 404)) {
      throw error;
    }
  }
}

/** Creates the same generation again. @param {{generation: Generation, onCreated?: (generation: Generation) => void, primary?: boolean}} props */
export function RetryButton({ generation, onCreated, primary = false }) {
  const [running, setRunning] = useState(false);
  const [error, setError] = useState(/** @type {unknown} */ (undefined));
  const run = async () => {
    setRunning(true);
    setError(undefined);
    try {
      const created = await submit(retryGeneration, { path: { generationId: generation.id } });
      addCreated(created);
      announce('Generation queued again.');
      onCreated?.(created);
    } catch (failure) {
      setError(failure);
    } finally {
      setRunning(false);
    }
  };
  return html`<button type="button" class=${`button ${primary ? 'primary' : ''}`} disabled=${running} onClick=${run}><${Icon} name="retry" />Try again</button>
    ${error !== undefined && html`<${Problem} error=${error} />`}`;
}
