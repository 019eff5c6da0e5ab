// Starts the page.

import { App } from './app.js';
import { poll, startGenerations } from './generations.js';
import { onNotification, startNotifications } from './notifications.js';
import { startRouter } from './router.js';
import { startSession } from './session.js';
import { html, render } from './vendor.js';

startRouter();
startGenerations();
startNotifications();
// The list shows the end of a generation at once.
onNotification(({ type }) => {
  if (type === 'generation.ended') {
    poll();
  }
});
const root = /** @type {HTMLElement} */ (document.getElementById('app'));
root.replaceChildren();
render(html`<${App} />`, root);
startSession();
