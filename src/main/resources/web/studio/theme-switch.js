import { html, signal } from './vendor.js';
import { Icon } from './icons.js';
import { readTheme, storeTheme } from './theme-setting.js';

/** @typedef {import('./theme-setting.js').Theme} Theme */

/** @typedef {{theme: Theme, icon: 'monitor' | 'sun' | 'moon', name: string}} ThemeEntry */

/** @type {ThemeEntry} */
const SYSTEM = { theme: 'system', icon: 'monitor', name: 'system' };

/** @type {ThemeEntry[]} */
const THEMES = [SYSTEM, { theme: 'light', icon: 'sun', name: 'light' }, { theme: 'dark', icon: 'moon', name: 'dark' }];

const current = signal(readTheme());

/** @param {Theme} theme */
function setTheme(theme) {
  storeTheme(theme);
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
