// Starts Swagger UI with the contract of this service, and lists its operations beside it.

const container = /** @type {HTMLElement} */ (document.getElementById('site-reference'));
const dark = matchMedia('(prefers-color-scheme: dark)');
const METHODS = ['get', 'put', 'post', 'patch', 'delete', 'head'];

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
    layout: {
      wrapActions: {
        // The URL names the operation that was opened last. The deep links of Swagger UI scroll it below the header of the page.
        show: (/** @type {Function} */ original) => (/** @type {string[]} */ key, /** @type {boolean} */ shown) => {
          const [kind, tag, id] = key;
          if (shown && kind === 'operations' && tag && id) {
            history.replaceState(null, '', fragment(tag, id));
            markOperation();
          }
          return original(key, shown);
        },
      },
    },
    spec: {
      wrapSelectors: {
        // Operations of the management port have another origin, which the policy of the page forbids.
        allowTryItOutFor:
          (/** @type {Function} */ original, /** @type {any} */ system) =>
          (/** @type {any} */ state, /** @type {string} */ path, /** @type {string} */ method) =>
            !system.specSelectors.specJson().hasIn(['paths', path, 'servers']) && original(state, path, method),
      },
    },
  },
  wrapComponents: {
    // There is one server: the origin of the page.
    ServersContainer: () => () => null,
    // A link inside the button of an operation confuses screen readers. The list of operations has the links.
    DeepLink:
      (/** @type {any} */ _, /** @type {any} */ { React }) =>
      (/** @type {{text: string}} */ { text }) =>
        React.createElement('span', null, text),
  },
};

/** Returns the fragment of an operation. @param {string} tag @param {string} id */
function fragment(tag, id) {
  return `#/${encodeURIComponent(tag)}/${encodeURIComponent(id)}`;
}

/** @param {any} contract @param {any} ui */
function listOperations(contract, ui) {
  const list = /** @type {HTMLElement} */ (document.getElementById('site-operations'));
  const groups = new Map(contract.tags.map((/** @type {any} */ tag) => [tag.name, []]));
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
      link.href = fragment(tag, operation.operationId);
      const badge = document.createElement('span');
      badge.className = `method ${method}`;
      badge.textContent = method === 'delete' ? 'DEL' : method.toUpperCase();
      link.append(badge, operation.summary);
      link.addEventListener('click', () => document.getElementById('site-pages')?.hidePopover?.());
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

/** Moves the examples of parameters into their descriptions: Swagger UI would send them as values. @param {any} contract */
function describeExamples(contract) {
  const parameters = Object.values(contract.components.parameters ?? {});
  for (const item of Object.values(contract.paths)) {
    parameters.push(...(item.parameters ?? []), ...METHODS.flatMap((method) => item[method]?.parameters ?? []));
  }
  for (const parameter of parameters) {
    const example = parameter.example ?? Object.values(parameter.examples ?? {})[0]?.value ?? parameter.schema?.example;
    if (example !== undefined) {
      parameter.description = `${parameter.description ?? ''} Example: \`${example}\``.trim();
      delete parameter.example;
      delete parameter.examples;
      delete parameter.schema?.example;
    }
  }
}

/** Gives names to the fields that Swagger UI leaves unnamed, hides the typed key, and makes wide examples scrollable by keyboard. */
function completeFields() {
  for (const field of container.querySelectorAll('.auth-container input[type="text"]')) {
    field.setAttribute('type', 'password');
    field.setAttribute('autocomplete', 'off');
  }
  for (const field of container.querySelectorAll('select:not([aria-label]), textarea:not([aria-label])')) {
    const row = field.closest('[data-param-name]');
    const name =
      row?.getAttribute('data-param-name') ??
      (field.closest('.content-type-wrapper, .response-control-media-type, .body-param-content-type') ? 'Media type' : undefined) ??
      (field.matches('.examples-select-element') ? 'Example' : undefined) ??
      (field.matches('textarea') ? 'Request body' : 'Choice');
    field.setAttribute('aria-label', name);
  }
  for (const example of container.querySelectorAll('pre:not([tabindex])')) {
    example.setAttribute('tabindex', '0');
  }
}

/** Uses the API key with which the user signed in to the studio, in this tab. @param {any} ui */
function authorize(ui) {
  try {
    const key = sessionStorage.getItem('darkroom.apiKey');
    if (key) {
      ui.preauthorizeApiKey('bearer', key);
    }
  } catch {
    // Storage is blocked: the user enters the key.
  }
}

async function start() {
  const [response] = await Promise.all([fetch('openapi.json'), load('docs/assets/swagger-ui-bundle.js')]);
  if (!response.ok) {
    throw new Error(`openapi.json: status ${response.status}`);
  }
  const contract = await response.json();
  contract.servers = [{ url: new URL('.', location.href).href.replace(/\/$/, ''), description: 'This service.' }];
  describeExamples(contract);
  new MutationObserver(completeFields).observe(container, { childList: true, subtree: true });
  const ui = /** @type {any} */ (window).SwaggerUIBundle({
    spec: contract,
    domNode: container,
    deepLinking: false,
    displayRequestDuration: true,
    docExpansion: 'list',
    defaultModelsExpandDepth: -1,
    layout: 'BaseLayout',
    persistAuthorization: false,
    plugins: [changes],
    // Its colors have too little contrast.
    syntaxHighlight: { activated: false },
    tryItOutEnabled: true,
    validatorUrl: null,
    onComplete: () =>
      setTimeout(() => {
        authorize(ui);
        openOperation(ui);
      }),
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
