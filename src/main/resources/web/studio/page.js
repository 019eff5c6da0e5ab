// Reads what the server wrote into the page: the authentication mode, whether the simulator runs in the service, and its version. Constants;
// no errors, no life cycle. Outside a page, as in tests, the values are those of a service with authentication.

const data = globalThis.document?.documentElement.dataset ?? {};

/** `true` if every request needs an API key. */
export const authRequired = data['auth'] !== 'local';

/** `true` if the service runs the simulator itself and forwards `/simulator/*` to it. */
export const simulatorRuns = data['simulator'] === 'true';

/** The version of the service, such as `0.2.0`. */
export const version = data['version'] ?? '';

/** The URL of the service without a trailing slash: the parent of the directory of this module. */
export const baseUrl = new URL('..', import.meta.url).href.replace(/\/$/, '');
