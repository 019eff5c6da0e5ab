import { html } from '../../vendor.js';
import { useServerNow } from '../../clock.js';
import { endWords, failureWords } from '../../failure-words.js';
import { formatCountdown, formatDuration, plural } from '../../format.js';
import { generationHref } from '../../router.js';
import { backend, generations } from './demo.js';

/** @typedef {import('../../client.js').Generation} Generation */
/** @typedef {import('../../client.js').Attempt} Attempt */

/** The part of the time axis before and after the present, in milliseconds. */
const PAST = 25_000;
const FUTURE = 15_000;
const WHOLE = PAST + FUTURE;

/** The minimum of a delay, and the time between the end of an attempt and the start of its delay. */
const TOLERANCE = 500;

const MAX_ROWS = 12;
const MAX_THUMBNAILS = 24;

/** The generations of the demonstration, each with its attempts and waits on a common time axis that moves. */
export function Timeline() {
  const now = useServerNow();
  const rows = generations.value.filter((generation) => isOnAxis(generation, now)).slice(0, MAX_ROWS);
  const shown = new Set(rows);
  const ended = generations.value.filter((generation) => !shown.has(generation));
  return html`${rows.length > 0 && html`<${Rows} rows=${rows} now=${now} />`} ${ended.length > 0 && html`<${Ended} generations=${ended} />`}`;
}

/** @param {{rows: Generation[], now: number}} props */
function Rows({ rows, now }) {
  return html`<div class="timeline">
    ${
      rows.some(waitsBeyondItsBackoff) &&
      html`<p class="notice info small">
        <span class="text"
          >Many calls have failed lately. Darkroom has used up its <a href="docs/guide/retries#retry-budget">retry budget</a>, so delays are
          random up to a minute, to protect the AI server. Successful calls fill it again.</span
        >
      </p>`
    }
    <div class="timeline-axis" aria-hidden="true">
      <span></span>
      <span class="axis-labels">
        ${[-20, -10, 0, 10].map(
          (seconds) =>
            html`<span style=${{ left: `${percent(now + seconds * 1000, now)}%` }}
              >${seconds === 0 ? 'now' : `${seconds > 0 ? '+' : '−'}${Math.abs(seconds)} s`}</span
            >`,
        )}
      </span>
      <span></span>
    </div>
    <ol class="timeline-rows">
      ${rows.map((generation) => html`<${Row} key=${generation.id} generation=${generation} now=${now} />`)}
    </ol>
    <p class="timeline-legend text-muted small" aria-hidden="true">
      <span><i class="segment running"></i> call that runs</span>
      <span><i class="segment done"></i> successful call</span>
      <span><i class="segment failed"></i> failed call</span>
      <span><i class="segment backoff"></i> delay before the next attempt</span>
      <span><i class="segment queued"></i> waits for its turn</span>
    </p>
  </div>`;
}

/** The images of the generations that have left the axis. @param {{generations: Generation[]}} props */
function Ended({ generations }) {
  return html`<ul class="ended" aria-label="Ended earlier">
    ${generations.slice(0, MAX_THUMBNAILS).map(
      ({ id, prompt, status, images }) =>
        html`<li key=${id}>
          <a class="row-image" href=${generationHref(id)}>
            ${images?.[0] ? html`<img src=${images[0].url} width="56" height="56" alt=${prompt} loading="lazy" />` : html`<span>${status === 'FAILED' ? 'Failed' : prompt}</span>`}
          </a>
        </li>`,
    )}
  </ul>`;
}

/**
 * Whether a generation waits, or has ended within the axis.
 * @param {Generation} generation
 * @param {number} now
 */
function isOnAxis({ status, completedAt, updatedAt }, now) {
  return status === 'PENDING' || Date.parse(completedAt ?? updatedAt) > now - PAST;
}

/** @param {{generation: Generation, now: number}} props */
function Row({ generation, now }) {
  const image = generation.images?.[0];
  return html`<li class="timeline-row">
    <a class="row-name" href=${generationHref(generation.id)}>
      <span class="row-image">${image && html`<img src=${image.url} width="40" height="40" alt="" loading="lazy" />`}</span>
      <span class="row-prompt" dir="auto">${generation.prompt}</span>
    </a>
    <div class="row-track" aria-hidden="true">
      ${segments(generation, now).map(
        ({ kind, from, to }, index) =>
          html`<i
            key=${index}
            class=${`segment ${kind}`}
            style=${{ left: `${percent(from, now)}%`, width: `${percent(to, now) - percent(from, now)}%` }}
          ></i>`,
      )}
      <i class="row-now" style=${{ left: `${(PAST / WHOLE) * 100}%` }}></i>
    </div>
    <div class="row-state">
      <${State} generation=${generation} now=${now} />
      <${Failures} attempts=${generation.attempts} />
    </div>
  </li>`;
}

/** @param {{generation: Generation, now: number}} props */
function State({ generation, now }) {
  const { status, attempts } = generation;
  const last = attempts.at(-1);
  if (status === 'COMPLETE') {
    const duration = Date.parse(generation.completedAt ?? generation.updatedAt) - Date.parse(generation.createdAt);
    return html`<span class="badge ok">Complete</span> <span class="text-muted small">after ${formatDuration(duration)}</span>`;
  }
  if (status === 'FAILED') {
    return html`<span class="badge error">Failed</span> <span class="text-muted small">${endWords(generation.error ?? {})}</span>`;
  }
  if (last?.outcome === 'RUNNING') {
    return html`<span class="badge info">Call ${last.number} runs</span>
      <span class="text-muted small">${formatDuration(now - Date.parse(last.startedAt))}</span>`;
  }
  const retryIn = last?.retryAt ? Date.parse(last.retryAt) - now : 0;
  return retryIn > 0
    ? html`<span class="badge warn">Retry in ${formatCountdown(retryIn)}</span>`
    : html`<span class="badge neutral">Waits</span>
        <span class="text-muted small">${backend.value?.breaker === 'OPEN' ? 'for the AI server' : 'for its turn'}</span>`;
}

/** The failures so far, each in a few words. @param {{attempts: Attempt[]}} props */
function Failures({ attempts }) {
  const failed = attempts.filter((attempt) => attempt.outcome !== 'RUNNING' && attempt.outcome !== 'SUCCEEDED');
  if (failed.length === 0) {
    return null;
  }
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const { error } of failed) {
    const text = error?.httpStatus && error.httpStatus >= 400 ? String(error.httpStatus) : failureWords(error ?? {});
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  const texts = [...counts].map(([text, count]) => (counts.size > 1 && count > 1 ? `${count} × ${text}` : text));
  return html`<span class="row-failures small">${plural(failed.length, 'failed call')}: ${texts.join(', ')}</span>`;
}

/**
 * Whether the next attempt is later than the backoff of its number permits, with the default settings: 1 s, doubled by each failure.
 * @param {Generation} generation
 */
function waitsBeyondItsBackoff({ status, attempts }) {
  const last = attempts.at(-1);
  if (status !== 'PENDING' || !last?.retryAt || !last.finishedAt || last.error?.errorClass === 'REJECTED_RETRYABLE') {
    return false;
  }
  return Date.parse(last.retryAt) - Date.parse(last.finishedAt) > 1_000 * 2 ** (attempts.length - 1) + TOLERANCE;
}

/**
 * The parts of the life of a generation that the axis shows.
 *
 * @param {Generation} generation
 * @param {number} now
 */
function segments({ createdAt, status, attempts }, now) {
  /** @type {{kind: string, from: number, to: number}[]} */
  const result = [];
  let waitsSince = Date.parse(createdAt);
  for (const attempt of attempts) {
    const startedAt = Date.parse(attempt.startedAt);
    result.push({ kind: 'queued', from: waitsSince, to: startedAt });
    const finishedAt = attempt.finishedAt ? Date.parse(attempt.finishedAt) : now;
    result.push({ kind: kindOf(attempt), from: startedAt, to: finishedAt });
    waitsSince = finishedAt;
    if (attempt.retryAt) {
      waitsSince = Date.parse(attempt.retryAt);
      result.push({ kind: 'backoff', from: finishedAt, to: waitsSince });
    }
  }
  if (status === 'PENDING' && attempts.at(-1)?.outcome !== 'RUNNING') {
    result.push({ kind: 'queued', from: waitsSince, to: Math.max(waitsSince, now) });
  }
  return result.filter(({ from, to }) => to > from && to > now - PAST && from < now + FUTURE);
}

/** @param {Attempt} attempt */
function kindOf({ outcome }) {
  return outcome === 'RUNNING' ? 'running' : outcome === 'SUCCEEDED' ? 'done' : 'failed';
}

/** The position of a time on the axis, limited to it. @param {number} time @param {number} now */
function percent(time, now) {
  return Math.min(100, Math.max(0, ((time - now + PAST) / WHOLE) * 100));
}
