import { html, signal } from './vendor.js';
import { Icon } from './icons.js';

/** @typedef {'system' | 'light' | 'dark'} Theme */

const KEY = 'darkroom.theme';

/** @typedef {{theme: Theme, icon: 'monitor' | 'sun' | 'moon', name: string}} ThemeEntry */

/** @type {ThemeEntry} */
const SYSTEM = { theme: 'system', icon: 'monitor', name: 'system' };

/** @type {ThemeEntry[]} */
const THEMES = [SYSTEM, { theme: 'light', icon: 'sun', name: 'light' }, { theme: 'dark', icon: 'moon', name: 'dark' }];

const current = signal(/** @type {Theme} */ (document.documentElement.dataset.theme ?? 'system'));

/** Stores and applies a theme. `system` follows the setting of the system. @param {Theme} theme */
function setTheme(theme) {
  const root = document.documentElement;
  if (theme === 'system') {
    delete root.dataset.theme;
  } else {
    root.dataset.theme = theme;
  }
  try {
    if (theme === 'system') {
      localStorage.removeItem(KEY);
    } else {
      localStorage.setItem(KEY, theme);
    }
  } catch {
    // Storage is blocked: the theme lasts until the page closes.
  }
  current.value = theme;
}

/** A button that goes through the themes: system, light, dark. */
export function ThemeSwitch() {
  const index = THEMES.findIndex(({ theme }) => theme === current.value);
  const shown = THEMES[index] ?? SYSTEM;
  const next = THEMES[index + 1] ?? SYSTEM;
  const label = `Theme: ${shown.name}. Change to ${next.name}`;
  return html`<button type="button" class="button ghost icon-only" aria-label=${label} title=${label} onClick=${() => setTheme(next.theme)}>
        <${Icon} name=${shown.icon} />
    </button>`;
}
