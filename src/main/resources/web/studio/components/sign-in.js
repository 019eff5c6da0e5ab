// The form that asks for an API key. Shown while `session` is `signedOut`. Says why the last session ended, and why a key was rejected. The key is in
// the field until it is accepted; it is not offered to password managers.
//
// Classes besides those of the design system: `sign-in`.

import { errorText, ProblemError } from '../api.js';
import { session, signIn } from '../session.js';
import { html, useEffect, useRef, useSignal } from '../vendor.js';

export function SignIn() {
  const current = session.value;
  const notice = current.state === 'signedOut' ? current.notice : undefined;
  const error = useSignal('');
  const busy = useSignal(false);
  const input = useRef(/** @type {HTMLInputElement | null} */ (null));
  useEffect(() => input.current?.focus(), []);

  /** @param {Event} event */
  async function submitKey(event) {
    event.preventDefault();
    const key = input.current?.value.trim() ?? '';
    if (busy.value) return;
    error.value = key ? '' : 'Enter an API key.';
    if (key) {
      busy.value = true;
      try {
        await signIn(key);
      } catch (failure) {
        error.value =
          failure instanceof ProblemError && failure.status === 401 ? 'This API key is not valid.' : errorText(failure);
      } finally {
        busy.value = false;
      }
    }
    if (error.value) input.current?.focus();
  }

  return html`
    <form class="sign-in card" aria-labelledby="sign-in-title" onSubmit=${submitKey} data-testid="sign-in">
      <h1 id="sign-in-title">Sign in</h1>
      <div role="status">${notice && html`<p class="notice warn">${notice}</p>`}</div>
      <div class="field">
        <label for="api-key">API key</label>
        <input
          id="api-key"
          ref=${input}
          type="password"
          autocomplete="off"
          autocapitalize="none"
          spellcheck=${false}
          placeholder="dk_…"
          aria-describedby="api-key-hint api-key-error"
          aria-invalid=${error.value ? 'true' : 'false'}
        />
        <p class="hint" id="api-key-hint">
          Kept in this tab only, until you sign out or close it. The operator creates it: <a href="docs/guide/security#api-keys">how to create an API key</a>.
        </p>
        <p class="error" id="api-key-error" role="alert">${error.value}</p>
      </div>
      <button class="button primary" type="submit" aria-disabled=${busy.value ? 'true' : 'false'}>
        ${busy.value ? 'Signing in…' : 'Sign in'}
      </button>
    </form>
  `;
}
