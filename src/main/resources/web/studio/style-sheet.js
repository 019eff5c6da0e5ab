/**
 * Loads a style sheet that only some views need. Completes when it applies, also after an error: a view without it is usable.
 *
 * @param {string} name of a file in `styles`
 * @returns {Promise<void>}
 */
export function loadStyleSheet(name) {
  const href = new URL(`styles/${name}`, import.meta.url).href;
  if (document.querySelector(`link[href="${href}"]`)) {
    return Promise.resolve();
  }
  return new Promise((resolve) => {
    const link = document.createElement('link');
    link.rel = 'stylesheet';
    link.href = href;
    link.addEventListener('load', () => resolve());
    link.addEventListener('error', () => resolve());
    document.head.append(link);
  });
}
