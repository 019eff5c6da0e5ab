// The state of a generation in a few words.

import { serverNow } from '../clock.js';
import { endWords } from '../failure-words.js';
import { formatCountdown, formatDuration, ordinal, plural } from '../format.js';

/** @typedef {import('../client.js').Generation} Generation */

/**
 * The state in at most five words, such as `Queued, 3rd in line`.
 * @param {Generation} generation
 * @param {number} [now]
 */
export function stateWords(generation, now = serverNow()) {
  const { status, attempts, queuePosition } = generation;
  if (status === 'COMPLETE') {
    return 'Complete';
  }
  if (status === 'FAILED') {
    return generation.error?.code === 'CANCELLED' ? 'Cancelled' : 'Failed';
  }
  const last = attempts.at(-1);
  if (last?.outcome === 'RUNNING') {
    const percent = last.progress?.percent;
    return `${last.number === 1 ? 'Developing' : `Attempt ${last.number}`}${percent === undefined ? '' : `, ${percent}%`}`;
  }
  if (last?.retryAt && Date.parse(last.retryAt) > now) {
    return `Attempt ${last.number + 1} in ${formatCountdown(Date.parse(last.retryAt) - now)}`;
  }
  if (queuePosition === 1 || (queuePosition === undefined && attempts.length)) {
    return attempts.length ? 'Waiting for the AI server' : 'Next in line';
  }
  return queuePosition ? `${queuePosition >= 1_000 ? 'Queued behind 999 or more' : `${ordinal(queuePosition)} in line`}` : 'Queued';
}

/**
 * One sentence for users of screen readers when the state changes.
 * @param {Generation} generation
 */
export function stateSentence(generation) {
  const { status, attempts } = generation;
  if (status === 'COMPLETE') {
    return `Generation complete: ${plural(generation.images?.length ?? 0, 'image')}.`;
  }
  if (status === 'FAILED') {
    return `Generation failed: ${endWords(generation.error ?? {})}.`;
  }
  const last = attempts.at(-1);
  if (!last) {
    return 'Generation queued.';
  }
  if (last.outcome === 'RUNNING') {
    return `Attempt ${last.number} started at ${last.backend}.`;
  }
  return `Attempt ${last.number} failed: ${endWords(last.error ?? {})}. ${last.retryAt ? 'A retry is scheduled.' : ''}`;
}

/**
 * The time from the creation to the end.
 * @param {Generation} generation
 */
export function totalDuration(generation) {
  return formatDuration(Date.parse(generation.completedAt ?? generation.updatedAt) - Date.parse(generation.createdAt));
}
