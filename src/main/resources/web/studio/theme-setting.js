/** @typedef {'system' | 'light' | 'dark'} Theme */

const KEY = 'darkroom.theme';

/** Returns the theme that the user has chosen. */
export function readTheme() {
  return /** @type {Theme} */ (document.documentElement.dataset.theme ?? 'system');
}

/** Stores and applies a theme. `system` follows the setting of the system. @param {Theme} theme */
export function storeTheme(theme) {
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
}
