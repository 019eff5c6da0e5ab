// Behaviour of all documentation pages: theme, copy buttons, keyboard access to wide content, and the search.

import { readTheme, storeTheme } from '../../studio/theme-setting.js';

/** @type {import('../../studio/theme-setting.js').Theme[]} */
const THEMES = ['system', 'light', 'dark'];

/** A button that goes through the themes, as in the studio. */
function startThemeSwitch() {
  const button = /** @type {HTMLButtonElement} */ (document.getElementById('site-theme'));
  const next = () => THEMES[(THEMES.indexOf(readTheme()) + 1) % THEMES.length] ?? 'system';
  const show = () => {
    button.dataset.shown = readTheme();
    button.title = `Theme: ${readTheme()}. Change to ${next()}`;
    button.setAttribute('aria-label', button.title);
  };
  button.addEventListener('click', () => {
    storeTheme(next());
    show();
    document.dispatchEvent(new Event('darkroom:theme'));
  });
  show();
  button.hidden = false;
}

/** Returns the text to paste: of a transcript, the commands without their output. @param {string} text */
function textToCopy(text) {
  if (!text.startsWith('$ ')) {
    return text;
  }
  const commands = [];
  let continued = false;
  for (const line of text.split('\n')) {
    if (continued || line.startsWith('$ ')) {
      commands.push(continued ? line : line.slice(2));
      continued = line.endsWith('\\') || (continued && isUnfinished(commands));
    }
  }
  return commands.join('\n');
}

/** Whether the last command has an open quotation, such as a body over several lines. @param {string[]} commands */
function isUnfinished(commands) {
  return (commands.join('\n').split("'").length - 1) % 2 === 1;
}

function addCopyButtons() {
  for (const block of document.querySelectorAll('.page pre')) {
    const box = document.createElement('div');
    box.className = 'code-box';
    block.replaceWith(box);
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'button copy';
    button.textContent = 'Copy';
    button.addEventListener('click', async () => {
      try {
        await navigator.clipboard.writeText(textToCopy(block.textContent.trimEnd()));
        button.textContent = 'Copied';
      } catch {
        button.textContent = 'Not allowed';
      }
      setTimeout(() => (button.textContent = 'Copy'), 2000);
    });
    box.append(block, button);
  }
}

/** Boxes that scroll sideways can be scrolled by keyboard. */
function makeScrollBoxesFocusable() {
  for (const box of document.querySelectorAll('.page pre, .table-box')) {
    if (box.scrollWidth > box.clientWidth) {
      box.setAttribute('tabindex', '0');
    } else {
      box.removeAttribute('tabindex');
    }
  }
}

/** Opens the search by its button, by / and by Ctrl+K. The module and the index are loaded with the first use. */
function startSearch() {
  const button = /** @type {HTMLButtonElement} */ (document.getElementById('site-search'));
  const open = async () => (await import('./search.js')).openSearch();
  button.addEventListener('click', open);
  document.addEventListener('keydown', (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    const typing = target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
    const slash = event.key === '/' && !typing && !event.ctrlKey && !event.metaKey && !event.altKey;
    if (slash || (event.key === 'k' && (event.ctrlKey || event.metaKey))) {
      event.preventDefault();
      open();
    }
  });
  button.hidden = false;
}

/** Marks the section that is read in the table of contents. */
function followSections() {
  const links = [.../** @type {NodeListOf<HTMLAnchorElement>} */ (document.querySelectorAll('.page-contents a'))];
  const headings = links.map((link) => document.getElementById(decodeURIComponent(link.hash.slice(1))));
  let waiting = false;
  const mark = () => {
    waiting = false;
    const passed = headings.filter((heading) => heading && heading.getBoundingClientRect().top < 120).length;
    links.forEach((link, index) => {
      if (index === Math.max(passed - 1, 0)) {
        link.setAttribute('aria-current', 'true');
      } else {
        link.removeAttribute('aria-current');
      }
    });
  };
  addEventListener(
    'scroll',
    () => {
      if (!waiting) {
        waiting = true;
        requestAnimationFrame(mark);
      }
    },
    { passive: true },
  );
  mark();
}

startThemeSwitch();
startSearch();
addCopyButtons();
makeScrollBoxesFocusable();
addEventListener('resize', makeScrollBoxesFocusable);
followSections();
// The current page is visible in a long navigation.
document.querySelector('.page-navigation [aria-current="page"]')?.scrollIntoView({ block: 'nearest' });
