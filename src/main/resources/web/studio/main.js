// Starts the page.

import { App } from './app.js';
import { startNotifications } from './notifications.js';
import { startRouter } from './router.js';
import { startSession } from './session.js';
import { html, render } from './vendor.js';

startRouter();
startNotifications();
const root = /** @type {HTMLElement} */ (document.getElementById('app'));
root.replaceChildren();
render(html`<${App} />`, root);
startSession();
