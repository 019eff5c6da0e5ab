import { html, useEffect, useId, useRef, useState } from '../../vendor.js';
import { errorText } from '../../api.js';

/**
 * A modal question. `onConfirm` is awaited; its error is shown, and the dialog stays open.
 * @param {{title: string, children?: unknown, confirm: string, danger?: boolean, onConfirm: () => Promise<unknown>, onClose: () => void}} props
 */
export function ConfirmDialog({ title, children, confirm, danger = false, onConfirm, onClose }) {
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const [state, setState] = useState(/** @type {{busy: boolean, error: string}} */ ({ busy: false, error: '' }));
  const titleId = useId();
  useEffect(() => {
    const element = dialog.current;
    const opener = document.activeElement;
    element?.showModal();
    return () => {
      element?.close();
      if (opener instanceof HTMLElement) {
        opener.focus();
      }
    };
  }, []);
  const run = async () => {
    setState({ busy: true, error: '' });
    try {
      await onConfirm();
      onClose();
    } catch (error) {
      setState({ busy: false, error: errorText(error) });
    }
  };
  /** @param {SubmitEvent} event */
  const submit = (event) => {
    event.preventDefault();
    if (!state.busy) {
      run();
    }
  };
  /** @param {Event} event */
  const cancel = (event) => {
    event.preventDefault();
    onClose();
  };
  return html`<dialog class="dialog" ref=${dialog} aria-labelledby=${titleId} onCancel=${cancel}>
    <form class="stack" onSubmit=${submit}>
      <h2 id=${titleId}>${title}</h2>
      ${children} ${state.error && html`<p class="notice error" role="alert">${state.error}</p>`}
      <div class="actions">
        <button type="button" class="button" onClick=${onClose}>Cancel</button>
        <button type="submit" class=${`button ${danger ? 'danger' : 'primary'}`} aria-disabled=${state.busy ? 'true' : 'false'}>
          ${confirm}
        </button>
      </div>
    </form>
  </dialog>`;
}
