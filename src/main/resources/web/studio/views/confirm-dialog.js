import { html, useEffect, useId, useRef, useState } from '../vendor.js';
import { Problem } from './problem.js';

/**
 * A modal question with a safe answer, which has the focus first. The dialog closes when `onConfirm` succeeds, otherwise it shows the error.
 * @param {{title: string, children?: unknown, keep?: string, confirm: string, danger?: boolean, onConfirm: () => Promise<unknown>, onClose: () => void}} props
 *   `keep` and `confirm` are the texts of the buttons; `danger` marks an action that loses something
 */
export function ConfirmDialog({ title, children, keep = 'Cancel', confirm, danger = false, onConfirm, onClose }) {
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const id = useId();
  const [running, setRunning] = useState(false);
  const [error, setError] = useState(/** @type {unknown} */ (undefined));
  const close = () => dialog.current?.close();
  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    // The browser returns the focus to the element that had it before.
    return () => element?.close();
  }, []);
  const run = async () => {
    setRunning(true);
    setError(undefined);
    try {
      await onConfirm();
      close();
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
    onClick=${(/** @type {Event} */ event) => event.target === dialog.current && close()}
  >
    <h2 id=${`${id}-title`}>${title}</h2>
    <div id=${`${id}-text`} class="stack">${children}</div>
    ${error !== undefined && html`<${Problem} error=${error} />`}
    <div class="actions">
      <button type="button" class="button" autofocus onClick=${close}>${keep}</button>
      <button type="button" class=${`button ${danger ? 'danger' : 'primary'}`} disabled=${running} onClick=${run}>${confirm}</button>
    </div>
  </dialog>`;
}
