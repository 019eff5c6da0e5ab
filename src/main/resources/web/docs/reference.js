// Starts Swagger UI with the contract of this service, and lists its operations beside it.

const container = /** @type {HTMLElement} */ (document.getElementById('reference'));
const dark = matchMedia('(prefers-color-scheme: dark)');
const METHODS = ['get', 'put', 'post', 'patch', 'delete'];

/** Swagger UI has its dark colors below html.dark-mode. */
function applyTheme() {
  const theme = document.documentElement.dataset.theme ?? (dark.matches ? 'dark' : 'light');
  document.documentElement.classList.toggle('dark-mode', theme === 'dark');
}

/** Loads a classic script. @param {string} url */
function load(url) {
  return new Promise((resolve, reject) => {
    const script = document.createElement('script');
    script.src = url;
    script.addEventListener('load', resolve);
    script.addEventListener('error', () => reject(new Error(`${url} could not be loaded`)));
    document.head.append(script);
  });
}

/** Changes of Swagger UI for this page. */
const changes = {
  statePlugins: {
    spec: {
      wrapSelectors: {
        // Operations of the management port have another origin, which the policy of the page forbids.
        allowTryItOutFor: (original, system) => (state, path, method) =>
          !system.specSelectors.specJson().hasIn(['paths', path, 'servers']) && original(state, path, method),
      },
    },
  },
  wrapComponents: {
    // There is one server: the origin of the page.
    ServersContainer: () => () => null,
    // A link inside the button of an operation confuses screen readers. The list of operations has the links.
    DeepLink:
      (Original, { React }) =>
      ({ text }) =>
        React.createElement('span', null, text),
  },
};

/** @param {any} contract @param {any} ui */
function listOperations(contract, ui) {
  const list = /** @type {HTMLElement} */ (document.getElementById('operations-list'));
  const groups = new Map(contract.tags.map((tag) => [tag.name, []]));
  for (const [path, item] of Object.entries(contract.paths)) {
    for (const method of METHODS) {
      const operation = item[method];
      if (operation) {
        groups.get(operation.tags[0])?.push({ path, method, operation });
      }
    }
  }
  for (const [tag, operations] of groups) {
    const group = document.createElement('li');
    const title = document.createElement('p');
    title.textContent = tag;
    const links = document.createElement('ul');
    for (const { method, operation } of operations) {
      const item = document.createElement('li');
      const link = document.createElement('a');
      link.className = 'operation-link';
      link.href = `#/${encodeURIComponent(tag)}/${operation.operationId}`;
      const badge = document.createElement('span');
      badge.className = `method ${method}`;
      badge.textContent = method === 'delete' ? 'DEL' : method.toUpperCase();
      link.append(badge, operation.summary);
      link.addEventListener('click', () => document.getElementById('pages')?.hidePopover?.());
      item.append(link);
      links.append(item);
    }
    group.append(title, links);
    list.append(group);
  }
  addEventListener('hashchange', () => openOperation(ui));
  markOperation();
}

/** Opens the operation of the fragment and scrolls to it. @param {any} ui */
function openOperation(ui) {
  const [, tag, id] = location.hash.split('/').map(decodeURIComponent);
  if (tag && id) {
    ui.layoutActions.show(['operations-tag', tag], true);
    ui.layoutActions.show(['operations', tag, id], true);
    requestAnimationFrame(() => {
      const name = tag.replaceAll(' ', '_');
      document.getElementById(`operations-${name}-${id}`)?.scrollIntoView({ block: 'start' });
    });
  }
  markOperation();
}

function markOperation() {
  for (const link of /** @type {NodeListOf<HTMLAnchorElement>} */ (document.querySelectorAll('.operation-link'))) {
    if (link.hash === location.hash) {
      link.setAttribute('aria-current', 'true');
      link.scrollIntoView({ block: 'nearest' });
    } else {
      link.removeAttribute('aria-current');
    }
  }
}

async function start() {
  const [response] = await Promise.all([fetch('openapi.json'), load('docs/assets/swagger-ui-bundle.js')]);
  if (!response.ok) {
    throw new Error(`openapi.json: status ${response.status}`);
  }
  const contract = await response.json();
  contract.servers = [{ url: new URL('.', location.href).href.replace(/\/$/, ''), description: 'This service.' }];
  const ui = window.SwaggerUIBundle({
    spec: contract,
    domNode: container,
    deepLinking: true,
    displayRequestDuration: true,
    docExpansion: 'list',
    defaultModelsExpandDepth: -1,
    layout: 'BaseLayout',
    persistAuthorization: false,
    plugins: [changes],
    tryItOutEnabled: true,
    validatorUrl: null,
  });
  listOperations(contract, ui);
}

applyTheme();
dark.addEventListener('change', applyTheme);
document.addEventListener('darkroom:theme', applyTheme);
start().catch((error) => {
  const message = document.createElement('p');
  message.className = 'message error';
  message.setAttribute('role', 'alert');
  message.textContent = `The API reference could not be loaded: ${error.message}`;
  container.replaceChildren(message);
});
