// Cancel, retry and delete, with their dialogs.

import { announce, showToast } from '../announcer.js';
import { call, ProblemError, submit } from '../api.js';
import { cancelGeneration, deleteGeneration, retryGeneration } from '../client.js';
import { addCreated, forgetGeneration } from '../gallery-list.js';
import { keepGeneration } from '../generations.js';
import { Icon } from '../icons.js';
import { html, useState } from '../vendor.js';
import { ConfirmDialog } from './confirm-dialog.js';
import { Problem } from './problem.js';

/** @typedef {import('../client.js').Generation} Generation */

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
        keep="Keep waiting"
        confirm="Cancel generation"
        danger
        onClose=${() => setOpen(false)}
        onConfirm=${async () => {
          const cancelled = await call(cancelGeneration, { path: { generationId: generation.id } });
          keepGeneration(cancelled);
          onCancelled?.(cancelled);
          announce('Generation cancelled.');
        }}
      >
        <p>No further attempt is made. The AI server may already have done the work, and charge for it.</p>
      <//>`
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
        keep="Keep it"
        confirm="Delete generation"
        danger
        onClose=${() => setOpen(false)}
        onConfirm=${async () => {
          await deleteIfFound(generation.id);
          forgetGeneration(generation.id);
          showToast('Generation deleted');
          onDeleted?.();
        }}
      >
        <p>${images ? `Its ${images === 1 ? 'image' : `${images} images`} and its attempts` : 'The prompt and its attempts'} are deleted. This cannot be undone.</p>
      <//>`
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
