// Starts the page.

import { App } from './app.js';
import { startGenerations } from './generations.js';
import { startRouter } from './router.js';
import { startSession } from './session.js';
import { html, render } from './vendor.js';

startRouter();
startGenerations();
const root = /** @type {HTMLElement} */ (document.getElementById('app'));
root.replaceChildren();
render(html`<${App} />`, root);
startSession();
