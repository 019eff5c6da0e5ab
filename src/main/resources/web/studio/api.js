// Calls operations of the generated client. Sends the API key of the session, turns error responses into `ProblemError` and missing responses
// into `ConnectionError`, and repeats submissions with one `Idempotency-Key`. Imported once; lives as long as the page.

import { client, getCurrentUser } from './client.js';
import { observeServerTime } from './clock.js';
import { probeWith, reportReachable, reportUnreachable, whenReachable } from './connection.js';
import { baseUrl } from './page.js';
import { backoff, delay } from './timing.js';

/** @typedef {import('./client.js').Problem} Problem */

/** An error response. `message` is for people. */
export class ProblemError extends Error {
  /**
   * @param {Response} response
   * @param {unknown} body the parsed body
   */
  constructor(response, body) {
    const problem = /** @type {Partial<Problem>} */ (body !== null && typeof body === 'object' ? body : {});
    super(problem.detail ?? problem.title ?? `The service responded with status ${response.status}.`);
    this.name = 'ProblemError';
    this.status = response.status;
    /** The last part of the type, such as `quota-exceeded`; empty if the body was no problem document. */
    this.type = (problem.type ?? '').replace('urn:darkroom:problem:', '');
    this.title = problem.title ?? 'Unexpected response';
    this.requestId = problem.requestId ?? response.headers.get('X-Request-Id') ?? '';
    /** The error of each field, by its pointer such as `#/width`. */
    this.fields = new Map((problem.errors ?? []).map((field) => [field.pointer, field.detail]));
    /** The delay before a repetition in milliseconds; 0 if the response has none. */
    this.retryAfterMs = retryAfterMs(response);
  }
}

/** A request without a response. The service may have received it. */
export class ConnectionError extends Error {
  /** @param {unknown} cause */
  constructor(cause) {
    super('The service cannot be reached.', { cause });
    this.name = 'ConnectionError';
  }
}

/** The time after which a request without a response is given up. */
const REQUEST_TIMEOUT_MS = 30_000;

/** The number of repetitions after 503 before a submission is given up. */
const UNAVAILABLE_REPETITIONS = 5;

/** @type {string | undefined} */
let apiKey;
/** @type {(key: string | undefined) => void} */
let unauthorized = () => {};

client.setConfig({ baseUrl, cache: 'no-store', auth: () => apiKey });

/**
 * Sets the API key of later requests.
 * @param {string | undefined} key
 */
export function setApiKey(key) {
  apiKey = key;
}

/**
 * Sets the function that is called when the service rejects the current API key.
 * @param {(key: string | undefined) => void} listener gets the rejected key
 */
export function onUnauthorized(listener) {
  unauthorized = listener;
}

/** Reports that the service rejected the current API key: the end of a stream, or 401. */
export function reportUnauthorized() {
  unauthorized(apiKey);
}

/**
 * @template {(options: any) => Promise<any>} F
 * @typedef {NonNullable<Awaited<ReturnType<F>>['data']>} DataOf
 */

/**
 * Calls an operation and returns its data.
 * @template {(options: any) => Promise<any>} F
 * @param {F} operation a function of client.js
 * @param {Omit<NonNullable<Parameters<F>[0]>, 'url'>} [options] `path`, `query`, `body`, `headers`, `signal`
 * @returns {Promise<DataOf<F>>}
 * @throws {ProblemError | ConnectionError} or the reason of `options.signal` when it is aborted
 */
export async function call(operation, options) {
  return (await callForResponse(operation, options)).data;
}

/**
 * Calls an operation and returns its data and its response, for headers.
 * @template {(options: any) => Promise<any>} F
 * @param {F} operation a function of client.js
 * @param {Omit<NonNullable<Parameters<F>[0]>, 'url'>} [options]
 * @returns {Promise<{data: DataOf<F>, response: Response}>}
 * @throws {ProblemError | ConnectionError} or the reason of `options.signal` when it is aborted
 */
export async function callForResponse(operation, options) {
  const abort = /** @type {AbortSignal | undefined} */ (options?.signal);
  const timeout = AbortSignal.timeout(REQUEST_TIMEOUT_MS);
  const key = apiKey;
  const { data, error, response } = await operation({
    ...options,
    signal: abort ? AbortSignal.any([abort, timeout]) : timeout,
  });
  if (response) {
    reportReachable();
    observeServerTime(response);
  }
  if (error === undefined) return { data, response };
  if (abort?.aborted) throw abort.reason;
  if (!response || (response.ok && !(error instanceof SyntaxError))) {
    reportUnreachable();
    throw new ConnectionError(error);
  }
  if (response.status === 401 && key === apiKey) unauthorized(key);
  throw new ProblemError(response, error);
}

/**
 * Calls an operation that creates a generation, and repeats it with the same `Idempotency-Key` until its result is known: after a lost
 * response when the service can be reached again, and after 503 some times.
 * @template {(options: any) => Promise<any>} F
 * @param {F} operation `createGeneration` or `retryGeneration`
 * @param {Omit<NonNullable<Parameters<F>[0]>, 'url'>} options
 * @param {{signal?: AbortSignal, onWaiting?: (error: Error) => void}} [control] `signal` gives up. The generation may exist nevertheless.
 *     `onWaiting` is called before each repetition.
 * @returns {Promise<DataOf<F>>}
 * @throws {ProblemError} or the reason of `control.signal`
 */
export async function submit(operation, options, { signal, onWaiting = () => {} } = {}) {
  const given = /** @type {any} */ (options);
  const once = { ...given, signal, headers: { ...given.headers, 'Idempotency-Key': randomKey() } };
  for (let unavailable = 0; ;) {
    try {
      return await call(operation, once);
    } catch (error) {
      if (error instanceof ConnectionError) {
        onWaiting(error);
        await whenReachable(signal);
        await delay(Math.random() * 500, signal);
      } else if (error instanceof ProblemError && error.status === 503 && unavailable < UNAVAILABLE_REPETITIONS) {
        onWaiting(error);
        await delay(Math.max(error.retryAfterMs, backoff(unavailable++, 500, 8_000)), signal);
      } else {
        throw error;
      }
    }
  }
}

/**
 * A text for people about an error of `call` or `submit`.
 * @param {unknown} error
 */
export function errorText(error) {
  if (error instanceof ProblemError) {
    const fields = [...error.fields].map(([pointer, detail]) => `${pointer.replace('#/', '')}: ${detail}`);
    return fields.length ? fields.join('; ') : error.message;
  }
  return error instanceof Error ? error.message : String(error);
}

/**
 * The value of `Retry-After` in milliseconds; 0 if there is none.
 * @param {Response} response
 */
export function retryAfterMs(response) {
  const seconds = Number(response.headers.get('Retry-After'));
  return Number.isFinite(seconds) ? seconds * 1_000 : 0;
}

/** 128 random bits. `crypto.randomUUID` exists only with https and on loopback addresses. */
function randomKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

probeWith(() => call(getCurrentUser, { signal: AbortSignal.timeout(5_000) }));
