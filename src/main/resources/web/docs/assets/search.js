// Search in the guide: a dialog with results while typing. SearchIndex.java creates the index.

/** @typedef {{url: string, page: string, heading: string, text: string, words: string}} Section */

const MAX_RESULTS = 12;
const EXCERPT = 150;

const siteRoot = document.body.dataset.root ?? './';
/** @type {Promise<Section[]> | undefined} */
let loading;
/** @type {ReturnType<typeof createDialog> | undefined} */
let search;

/** Opens the search dialog. */
export function openSearch() {
  search ??= createDialog();
  if (!search.dialog.open) {
    search.dialog.showModal();
  }
  search.input.select();
  loadIndex().then(search.update, search.fail);
}

function loadIndex() {
  loading ??= fetch(`${siteRoot}docs/assets/search-index.json`)
    .then((response) => (response.ok ? response.json() : Promise.reject(new Error(`status ${response.status}`))))
    .then(({ pages, sections }) =>
      sections.map((/** @type {[number, string, string, string]} */ [page, anchor, heading, text]) => ({
        url: siteRoot + pages[page][0] + (anchor && `#${anchor}`),
        page: pages[page][1],
        heading,
        text,
        words: `${pages[page][1]} ${heading} ${text}`.toLowerCase(),
      })),
    );
  loading.catch(() => (loading = undefined));
  return loading;
}

/**
 * Returns the sections that contain every word, the best first: words in the heading count more than in the title of the page, and these
 * more than words in the text.
 * @param {Section[]} sections
 * @param {string} query
 */
function findSections(sections, query) {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) {
    return [];
  }
  const found = [];
  for (const section of sections) {
    if (words.every((word) => section.words.includes(word))) {
      const heading = section.heading.toLowerCase();
      const page = section.page.toLowerCase();
      let score = 0;
      for (const word of words) {
        score += weight(heading, word) * 8 + weight(page, word) * 4 + Math.min(section.words.split(word).length - 1, 5);
      }
      if (heading.startsWith(query.toLowerCase())) {
        score += 12;
      }
      // Decisions explain the past: guides come first.
      if (section.url.includes('/decisions/')) {
        score /= 2;
      }
      found.push({ section, score });
    }
  }
  found.sort((one, other) => other.score - one.score);
  return found.slice(0, MAX_RESULTS).map((result) => result.section);
}

/** Returns 2 for a word that starts in the text, 1 for one inside another word, 0 for none. @param {string} text @param {string} word */
function weight(text, word) {
  const at = text.indexOf(word);
  if (at < 0) {
    return 0;
  }
  return at === 0 || /\W/.test(text.charAt(at - 1)) ? 2 : 1;
}

function createDialog() {
  const dialog = document.createElement('dialog');
  dialog.className = 'dialog search-dialog';
  dialog.setAttribute('aria-label', 'Search the guide');
  const input = document.createElement('input');
  input.type = 'search';
  input.placeholder = 'Search the guide';
  input.autocomplete = 'off';
  input.spellcheck = false;
  input.setAttribute('role', 'combobox');
  input.setAttribute('aria-label', 'Search the guide');
  input.setAttribute('aria-controls', 'site-search-results');
  input.setAttribute('aria-expanded', 'false');
  input.setAttribute('aria-autocomplete', 'list');
  const results = document.createElement('div');
  results.id = 'site-search-results';
  results.setAttribute('role', 'listbox');
  results.setAttribute('aria-label', 'Results');
  const status = document.createElement('p');
  status.setAttribute('role', 'status');
  status.className = 'search-status';
  const field = document.createElement('div');
  field.className = 'field search-field';
  const close = document.createElement('button');
  close.type = 'button';
  close.className = 'button ghost';
  close.textContent = 'Close';
  close.addEventListener('click', () => dialog.close());
  field.append(input, close);
  dialog.append(field, status, results);
  document.body.append(dialog);

  let selected = -1;
  /** @param {number} index */
  const select = (index) => {
    const options = [...results.children];
    selected = options.length === 0 ? -1 : (index + options.length) % options.length;
    options.forEach((option, position) => option.setAttribute('aria-selected', String(position === selected)));
    if (selected < 0) {
      input.removeAttribute('aria-activedescendant');
    } else {
      input.setAttribute('aria-activedescendant', options[selected]?.id ?? '');
      options[selected]?.scrollIntoView({ block: 'nearest' });
    }
  };
  const update = async () => {
    const query = input.value.trim();
    const found = findSections(await loadIndex(), query);
    if (query !== input.value.trim()) {
      return;
    }
    results.replaceChildren(...found.map((section, index) => option(section, index, query)));
    results.hidden = found.length === 0;
    input.setAttribute('aria-expanded', String(found.length > 0));
    status.textContent = query && found.length === 0 ? `Nothing found for “${query}”` : '';
    select(found.length > 0 ? 0 : -1);
  };
  const fail = () => (status.textContent = 'The search index could not be loaded.');
  input.addEventListener('input', () => update().catch(fail));
  input.addEventListener('keydown', (event) => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      select(selected + (event.key === 'ArrowDown' ? 1 : -1));
    } else if (event.key === 'Enter' && selected >= 0) {
      event.preventDefault();
      /** @type {HTMLElement} */ (results.children[selected]).click();
    }
  });
  dialog.addEventListener('click', (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    // A click on the backdrop, or on a result that leads to a section of this page.
    if (target === dialog || target.closest('a')) {
      dialog.close();
    }
  });
  return { dialog, input, update, fail };
}

/** @param {Section} section @param {number} index @param {string} query */
function option(section, index, query) {
  const link = document.createElement('a');
  link.id = `site-search-result-${index}`;
  link.setAttribute('role', 'option');
  link.href = section.url;
  link.tabIndex = -1;
  const title = document.createElement('strong');
  title.append(...marked(section.heading, query));
  link.append(title);
  if (section.heading !== section.page) {
    const page = document.createElement('span');
    page.className = 'search-page';
    page.textContent = section.page;
    link.append(page);
  }
  const excerpt = document.createElement('span');
  excerpt.className = 'search-excerpt';
  excerpt.append(...marked(excerptOf(section.text, query), query));
  link.append(excerpt);
  return link;
}

/** Returns the part of a text around the first word of the query. @param {string} text @param {string} query */
function excerptOf(text, query) {
  const word = query
    .toLowerCase()
    .split(/\s+/)
    .find((part) => text.toLowerCase().includes(part));
  const at = word ? text.toLowerCase().indexOf(word) : 0;
  const start = Math.max(0, text.lastIndexOf(' ', Math.max(0, at - 40)));
  return (start > 0 ? '… ' : '') + text.slice(start, start + EXCERPT).trim() + (text.length > start + EXCERPT ? ' …' : '');
}

/** Returns the text with the words of the query as mark elements. @param {string} text @param {string} query */
function marked(text, query) {
  const words = query
    .split(/\s+/)
    .filter(Boolean)
    .map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return text.split(new RegExp(`(${words.join('|')})`, 'gi')).map((part, index) => {
    if (index % 2 === 0) {
      return part;
    }
    const mark = document.createElement('mark');
    mark.textContent = part;
    return mark;
  });
}
