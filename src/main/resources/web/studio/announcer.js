import { signal } from './vendor.js';

const TOAST_MILLIS = 2500;

/** The last text for screen readers. The shell shows it in a live region. */
export const announcement = signal('');

/** The short message at the bottom of the page, or null. */
export const toast = signal(/** @type {string | null} */ (null));

/** @type {ReturnType<typeof setTimeout> | undefined} */
let toastTimer;

/**
 * Reads a text out to users of screen readers, after what they hear now.
 *
 * @param {string} text
 */
export function announce(text) {
  // A repeated text must change the live region, or it is not read again.
  announcement.value = announcement.peek() === text ? `${text}\u00a0` : text;
}

/**
 * Confirms an action to all users, such as "Prompt copied".
 *
 * @param {string} text
 */
export function showToast(text) {
  toast.value = text;
  announce(text);
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => {
    toast.value = null;
  }, TOAST_MILLIS);
}
