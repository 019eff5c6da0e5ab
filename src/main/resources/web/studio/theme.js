// Applies the stored theme before the first paint. A classic script, since modules run later.
(() => {
  let stored = null;
  try {
    stored = localStorage.getItem('darkroom.theme');
  } catch {
    // Storage is blocked: the theme of the system applies.
  }
  if (stored === 'light' || stored === 'dark') {
    document.documentElement.dataset.theme = stored;
  }
})();
