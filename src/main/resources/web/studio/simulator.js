import { baseUrl } from './page.js';

// The fault script of the bundled simulator, which the service forwards at /simulator/script while it runs the simulator itself.

/**
 * A step of the script: one key names the fault.
 *
 * @typedef {{times?: number} & Record<string, unknown>} ScriptStep
 */

/**
 * A way to break the AI server.
 *
 * @typedef {object} Fault
 * @property {string} id
 * @property {'alert' | 'gauge' | 'clock' | 'link' | 'shuffle' | 'bolt'} icon
 * @property {string} title
 * @property {string} server what the AI server does, after "Server:"
 * @property {string} darkroom what Darkroom does about it, after "Darkroom:"
 * @property {Record<string, unknown>} step the step of the script, without `times`
 * @property {boolean} [unlimited] whether it lasts until it is ended
 */

/** Faults fail faster than the simulator works, so that the first retries are visible within seconds. */
const DELAY = '400ms';

const REQUEST_TIMEOUT_MS = 10_000;

/** The number of calls of a step that lasts until the script is replaced. */
export const UNLIMITED = -1;

/** @type {readonly Fault[]} */
export const FAULTS = [
  {
    id: 'errors',
    icon: 'alert',
    title: 'Internal errors',
    server: 'answers 500 Internal Server Error',
    darkroom: 'retries after a growing, random delay',
    step: { status: 500, delay: DELAY },
  },
  {
    id: 'rate-limit',
    icon: 'gauge',
    title: 'Rate limit',
    server: 'answers 429 and asks to wait 5 s',
    darkroom: 'pauses all calls for 5 s',
    step: { status: 429, retryAfter: 5, delay: DELAY },
  },
  {
    id: 'hang',
    icon: 'clock',
    title: 'Hang',
    server: 'is silent for 15 s, then hangs up',
    darkroom: 'goes on with other calls, then retries',
    step: { drop: true, delay: '15s' },
  },
  {
    id: 'drop',
    icon: 'link',
    title: 'Lost connection',
    server: 'closes the connection without an answer',
    darkroom: 'retries with the same idempotency key',
    step: { drop: true, delay: DELAY },
  },
  {
    id: 'garbage',
    icon: 'shuffle',
    title: 'Garbage',
    server: 'answers 200 OK without an image',
    darkroom: 'checks every image, and retries',
    step: { malformedBody: true, delay: DELAY },
  },
  {
    id: 'outage',
    icon: 'bolt',
    title: 'Outage',
    server: 'fails everything until you end it',
    darkroom: 'stops calling, checks it, then resumes',
    step: { drop: true, models: true, delay: '200ms' },
    unlimited: true,
  },
];

/**
 * The remaining steps of the script. Without any, the AI server is healthy.
 *
 * @returns {Promise<ScriptStep[]>}
 */
export async function readScript() {
  return stepsOf(await send('GET'));
}

/**
 * Replaces the script with one fault.
 *
 * @param {Fault} fault
 * @param {number} times the number of calls that fail, or `UNLIMITED`
 * @returns {Promise<ScriptStep[]>} the remaining steps
 */
export async function startFault(fault, times) {
  return stepsOf(await send('PUT', { steps: [{ ...fault.step, times: fault.unlimited ? UNLIMITED : times }] }));
}

/** Deletes the script: the AI server is healthy again. */
export async function endFaults() {
  await send('DELETE');
}

/**
 * The fault that made a step of the script; undefined for a step of another client.
 *
 * @param {ScriptStep} step
 */
export function faultOf(step) {
  return FAULTS.find((fault) => {
    const keys = new Set([...Object.keys(fault.step), ...Object.keys(step)]);
    keys.delete('times');
    return [...keys].every((key) => fault.step[key] === step[key]);
  });
}

/**
 * The number of calls for which a step remains. A step for one call has no `times`.
 *
 * @param {ScriptStep} step
 */
export function remainingCalls(step) {
  return step.times ?? 1;
}

/** @param {any} script @returns {ScriptStep[]} */
function stepsOf(script) {
  return script.steps;
}

/**
 * @param {string} method
 * @param {unknown} [body]
 * @returns {Promise<any>} the parsed body; undefined without one
 * @throws {Error} when there is no response, or an error response
 */
async function send(method, body) {
  const response = await fetch(`${baseUrl}/simulator/script`, {
    method,
    headers: body === undefined ? {} : { 'Content-Type': 'application/json' },
    body: body === undefined ? null : JSON.stringify(body),
    cache: 'no-store',
    signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
  });
  if (!response.ok) {
    throw new Error(`The simulator responded with status ${response.status}.`);
  }
  return response.status === 204 ? undefined : response.json();
}
