// Names and texts of the admin page. Pure functions.

/** @typedef {import('./fleet.js').BackendStatus} BackendStatus */
/** @typedef {import('./fleet.js').ModelQueue} ModelQueue */

/**
 * A node by its host and the end of its id, since several may run on one host.
 * @param {{host: string, id: string}} node
 */
export function nodeName({ host, id }) {
  return `${host} · ${id.slice(-6)}`;
}

/**
 * The name of a model, or a text for the only model without a name.
 * @param {ModelQueue} queue
 */
export function modelName({ model }) {
  return model ?? 'default model';
}

/**
 * The number of generations that wait for a model which the AI server makes.
 * @param {BackendStatus} backend
 * @param {ModelQueue[]} models
 */
export function waitingFor(backend, models) {
  return models
    .filter(({ model }) => (model === undefined ? backend.models.length === 0 : backend.models.includes(model)))
    .reduce((sum, { waiting }) => sum + waiting, 0);
}

/**
 * `14 generations wait`, `1 generation waits`.
 * @param {number} count
 */
export function generationsWait(count) {
  return count === 1 ? '1 generation waits' : `${count} generations wait`;
}

/**
 * The constant of the API as words: `QUOTA_EXHAUSTED` is `quota exhausted`.
 * @param {string} constant
 */
export function words(constant) {
  return constant.toLowerCase().replaceAll('_', ' ');
}
