// The shell of all views: header with navigation, the view of the route, and the regions for messages.

import { announcement, toast } from './announcer.js';
import { ConnectionBanner } from './components/connection-banner.js';
import { NotificationBell } from './components/notification-bell.js';
import { SignIn } from './components/sign-in.js';
import { Icon } from './icons.js';
import { authRequired, simulatorRuns, version } from './page.js';
import { generationHref, route, storedScrollPosition } from './router.js';
import { session, signOut } from './session.js';
import { ThemeSwitch } from './theme-switch.js';
import { html, useEffect, useLayoutEffect, useRef, useState } from './vendor.js';
import { GenerationView } from './views/generation.js';
import { StudioView } from './views/studio.js';

const TITLES = {
  studio: 'Studio',
  generation: 'Generation',
  admin: 'Administration',
  'break-it': 'Break it',
  unknown: 'Page not found',
};

/** The whole page. */
export function App() {
  return html`
    <a class="skip-link" href="#main" onClick=${skipToContent}>Skip to content</a>
    <${Header} />
    <${ConnectionBanner} />
    <main id="main" class="shell-main" tabindex="-1"><${Content} /></main>
    <${Footer} />
    <div class="visually-hidden" role="status">${announcement.value}</div>
    <div class="toasts">${toast.value && html`<div class="toast">${toast.value}</div>`}</div>
  `;
}

function Content() {
  switch (session.value.state) {
    case 'starting':
      return html`<div role="status">${session.value.notice && html`<p class="notice warn">${session.value.notice}</p>`}</div>
        <div class="skeleton view-skeleton" aria-busy="true"></div>`;
    case 'signedOut':
      return html`<${SignIn} />`;
    default:
      return html`<${CurrentView} />`;
  }
}

function Header() {
  const { view } = route.value;
  const current = session.value;
  const user = current.state === 'signedIn' ? current.user : undefined;
  /** @param {string} name */
  const mark = (name) => (view === name ? 'page' : view === 'generation' && name === 'studio' ? 'true' : undefined);
  return html`<header class="shell-header">
    <a class="brand" href="#/"><img src="studio/icon.svg" width="26" height="26" alt="" />Darkroom</a>
    <nav class="shell-nav" aria-label="Main">
      <a href="#/" aria-current=${mark('studio')}>Studio</a>
      ${simulatorRuns && html`<a href="#/break-it" aria-current=${mark('break-it')}>Break it</a>`}
      <a href="docs/guide">Guide</a>
      <a href="docs">API</a>
      ${user?.admin && html`<a href="#/admin" aria-current=${mark('admin')}>Admin</a>`}
    </nav>
    <div class="shell-tools">
      ${user && html`<${NotificationBell} />`}
      ${user && authRequired && html`<${Account} name=${user.name} />`}
      <${ThemeSwitch} />
    </div>
  </header>`;
}

/** @param {{name: string}} props */
function Account({ name }) {
  return html`<button type="button" class="button ghost" onClick=${signOut} aria-label=${`Sign out ${name}`} title=${`Signed in as ${name}`}>
    <${Icon} name="user" /><span class="wide-only">Sign out</span><span class="account-name">${name}</span>
  </button>`;
}

function Footer() {
  return html`<footer class="shell-footer">
    <span>Darkroom ${version}</span>
    <a href="docs/guide">Guide</a>
    <a href="docs">API reference</a>
    <a href="docs/events">Events</a>
    <a href="openapi.yaml">OpenAPI</a>
    ${
      simulatorRuns &&
      html`<span>
        The bundled simulator draws the images. <a href="docs/guide/tour#use-your-own-ai-server-and-database">Connect your AI server</a>
      </span>`
    }
  </footer>`;
}

/** The view of the route. A change of the route sets the title, moves the focus to the heading and restores the scroll position. */
function CurrentView() {
  const current = route.value;
  const left = useRef(/** @type {import('./router.js').Route | undefined} */ (undefined));
  useLayoutEffect(() => {
    document.title = current.view === 'studio' ? 'Darkroom' : `${TITLES[current.view]} · Darkroom`;
    const previous = left.current;
    left.current = current;
    if (!previous) {
      return;
    }
    // Back in the gallery, the focus is on the generation that was open.
    const tile = previous.view === 'generation' && document.querySelector(`.tile[href="${generationHref(previous.id)}"]`);
    if (tile && current.view === 'studio') {
      /** @type {HTMLElement} */ (tile).focus({ preventScroll: true });
    } else {
      focusHeading();
    }
    scrollTo(0, current.view === 'studio' ? storedScrollPosition() : 0);
  }, [current.view, current.id]);
  switch (current.view) {
    case 'studio':
      return html`<${StudioView} />`;
    case 'generation':
      return html`<${GenerationView} key=${current.id} id=${current.id} />`;
    case 'admin':
      return html`<${LazyView} key="admin" load=${() => import('./views/admin.js').then((module) => module.AdminView)} />`;
    case 'break-it':
      return html`<${LazyView} key="break-it" load=${() => import('./views/break-it.js').then((module) => module.BreakItView)} />`;
    default:
      return html`<${UnknownView} />`;
  }
}

/** A view whose module is loaded when it is opened. @param {{load: () => Promise<any>}} props */
function LazyView({ load }) {
  const [view, setView] = useState(/** @type {{component: any} | null} */ (null));
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    load().then(
      (component) => setView({ component }),
      () => setFailed(true),
    );
  }, []);
  useEffect(() => {
    if (view) {
      focusHeading();
    }
  }, [view]);
  if (failed) {
    return html`<div class="empty" role="alert">
      <${Icon} name="alert" />
      <h1 tabindex="-1">This page could not be loaded</h1>
      <button type="button" class="button" onClick=${() => location.reload()}>Reload</button>
    </div>`;
  }
  return view ? html`<${view.component} />` : html`<div class="skeleton view-skeleton" aria-busy="true"></div>`;
}

function UnknownView() {
  return html`<div class="empty">
    <${Icon} name="image" />
    <h1 tabindex="-1">Page not found</h1>
    <p>The address names no page of the studio.</p>
    <a class="button" href="#/">Open the studio</a>
  </div>`;
}

/** @param {Event} event */
function skipToContent(event) {
  event.preventDefault();
  document.getElementById('main')?.focus();
}

function focusHeading() {
  const heading = /** @type {HTMLElement | null} */ (document.querySelector('main h1'));
  heading?.focus({ preventScroll: true });
}
