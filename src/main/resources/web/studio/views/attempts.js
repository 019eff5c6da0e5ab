// The attempts of a generation as a list with a lane per attempt: each lane shows, on one scale of time, when the attempt ran and how long the next
// one waits.

import { useServerNow } from '../clock.js';
import { failureWords } from '../failure-words.js';
import { formatCost, formatCountdown, formatDuration, ordinal } from '../format.js';
import { Icon } from '../icons.js';
import { html } from '../vendor.js';

/** @typedef {import('../client.js').Generation} Generation */
/** @typedef {import('../client.js').Attempt} Attempt */

const SELECTIONS = {
  ONLY: '',
  ORDER: 'first in the order of the model',
  WEIGHT: 'chosen by weight',
  FAILOVER: 'failover from another AI server',
  LOOK_UP: 'looks up an earlier submission',
};

/**
 * The place in the queue and the estimated start.
 * @param {Generation} generation
 * @param {number} now
 */
function queueWords({ queuePosition, estimatedStart }, now) {
  const wait = estimatedStart ? Date.parse(estimatedStart) - now : 0;
  return [
    queuePosition && `${queuePosition >= 1_000 ? '1,000th or later' : ordinal(queuePosition)} in line`,
    wait > 0 && `starts in about ${formatCountdown(wait)}`,
  ]
    .filter(Boolean)
    .join(' · ');
}

/**
 * The part of the time axis that a lane shows, in milliseconds since the creation.
 * @typedef {{start: number, end: number}} Span
 */

/** @param {{generation: Generation, compact?: boolean}} props `compact` leaves out details, which the page of the generation shows */
export function Attempts({ generation, compact = false }) {
  const pending = generation.status === 'PENDING';
  const now = useServerNow(pending);
  const created = Date.parse(generation.createdAt);
  const end = axisEnd(generation, now) - created;
  const ticks = axisTicks(end, compact ? 4 : 6);
  const { attempts } = generation;
  const waiting = pending && attempts.every((attempt) => attempt.outcome !== 'RUNNING');
  return html`<div class=${`attempts ${compact ? 'compact' : ''}`}>
    <ol class="attempt-list">
      ${attempts.length === 0 && html`<${QueueLane} generation=${generation} now=${now} end=${end} />`}
      ${attempts.map((attempt, index) => {
        const last = index === attempts.length - 1;
        return html`<${AttemptLane}
          key=${attempt.number}
          attempt=${attempt}
          created=${created}
          end=${end}
          now=${now}
          waitEnd=${waitEnd(attempt, attempts[index + 1], last && waiting ? now : undefined)}
          waits=${last && waiting}
          queued=${index === 0}
          compact=${compact}
        />`;
      })}
    </ol>
    ${
      (attempts.length > 0 || pending) &&
      html`<div class="attempt-axis" aria-hidden="true">
        <div class="attempt-lane">
          ${ticks.map((tick) => html`<span key=${tick} class="attempt-tick" style=${{ left: `${(tick / end) * 100}%` }}>${tickLabel(tick)}</span>`)}
        </div>
      </div>`
    }
    ${
      attempts.length === 0 &&
      !pending &&
      html`<p class="text-muted">
        ${generation.submissions || generation.failedAttempts || generation.status === 'COMPLETE' ? 'The attempts were deleted.' : 'No attempt was made.'}
      </p>`
    }
  </div>`;
}

/** @param {{generation: Generation, now: number, end: number}} props */
function QueueLane({ generation, now, end }) {
  if (generation.status !== 'PENDING') {
    return null;
  }
  const created = Date.parse(generation.createdAt);
  return html`<li class="attempt">
    <div class="attempt-text"><span class="attempt-mark wait"><${Icon} name="clock" /></span><div class="attempt-words"><strong>Queued</strong><p class="text-muted small">${queueWords(generation, now)}</p></div></div>
    <div class="attempt-lane" aria-hidden="true"><${Bar} kind="wait" span=${{ start: 0, end: now - created }} end=${end} /></div>
  </li>`;
}

/**
 * @param {{attempt: Attempt, created: number, end: number, now: number, waitEnd?: number, waits: boolean, queued: boolean, compact: boolean}} props
 *   `waits` is true while the next attempt is awaited; `queued` shows the wait before the attempt
 */
function AttemptLane({ attempt, created, end, now, waitEnd: waitedUntil, waits, queued, compact }) {
  const { number, backend, outcome, counted, error, retryAt, progress, costMicros } = attempt;
  const start = Date.parse(attempt.startedAt) - created;
  const stop = (attempt.finishedAt ? Date.parse(attempt.finishedAt) : Math.max(now, Date.parse(attempt.startedAt))) - created;
  const kind = { RUNNING: 'running', SUCCEEDED: 'ok' }[/** @type {'RUNNING' | 'SUCCEEDED'} */ (outcome)] ?? (counted ? 'error' : 'warn');
  const selection = SELECTIONS[attempt.selection];
  const percent = progress?.percent;
  return html`<li class=${`attempt ${kind}`}>
    <div class="attempt-text">
      <span class=${`attempt-mark ${kind}`}>
        ${kind === 'running' ? html`<span class="pulse"></span>` : html`<${Icon} name=${outcome === 'SUCCEEDED' ? 'check' : 'cross'} />`}
      </span>
      <div class="attempt-words">
        <p>
          <span class="visually-hidden">Attempt ${number}: </span>
          <strong>${outcome === 'RUNNING' ? 'Running' : outcome === 'SUCCEEDED' ? 'Succeeded' : failureWords(error ?? {})}</strong>
        </p>
        <p class="text-muted small">
          ${error && html`<code>${error.code}${error.httpStatus ? ` ${error.httpStatus}` : ''}</code> · `}
          ${[
            (!compact || attempt.selection !== 'ONLY') && `AI server ${backend}`,
            formatDuration(stop - start),
            error && !compact && (counted ? 'counts toward the limit' : 'does not count toward the limit'),
            !compact && selection,
            costMicros !== undefined && `cost ${formatCost(costMicros)}`,
            !compact && attempt.apiKey && `key ${attempt.apiKey}`,
          ]
            .filter(Boolean)
            .join(' · ')}
        </p>
        ${
          waits &&
          html`<p class="attempt-next">
            ${
              retryAt && Date.parse(retryAt) > now
                ? html`Next attempt in <strong>${formatCountdown(Date.parse(retryAt) - now)}</strong>`
                : 'Next attempt starts when the AI server has room'
            }
          </p>`
        }
        ${
          outcome === 'RUNNING' &&
          progress &&
          html`<div class="attempt-progress">
            ${
              percent !== undefined &&
              html`<div class="progress" role="progressbar" aria-label="Progress" aria-valuemin="0" aria-valuemax="100" aria-valuenow=${percent}>
                <div style=${{ width: `${percent}%` }}></div>
              </div>`
            }
            <span class="small text-muted"
              >${percent !== undefined ? `${percent}%` : ''}${progress.queuePosition ? ` ${progress.queuePosition} ahead in the queue of the AI server` : ''}</span
            >
          </div>`
        }
      </div>
    </div>
    <div class="attempt-lane" aria-hidden="true">
      ${queued && html`<${Bar} kind="wait" span=${{ start: 0, end: start }} end=${end} />`}
      <${Bar} kind=${kind} span=${{ start, end: stop }} end=${end} />
      ${waitedUntil !== undefined && html`<${Bar} kind="wait" span=${{ start: stop, end: waitedUntil - created }} end=${end} />`}
    </div>
  </li>`;
}

/** @param {{kind: string, span: Span, end: number}} props */
function Bar({ kind, span, end }) {
  const left = (span.start / end) * 100;
  const width = Math.max(0, ((span.end - span.start) / end) * 100);
  return html`<span class=${`attempt-bar ${kind}`} style=${{ left: `${left}%`, width: `${Math.min(width, 100 - left)}%` }}></span>`;
}

/**
 * The time until which an attempt was followed by a wait.
 * @param {Attempt} attempt
 * @param {Attempt | undefined} next
 * @param {number | undefined} now while the next one is awaited
 */
function waitEnd(attempt, next, now) {
  if (next) {
    return Date.parse(next.startedAt);
  }
  return now !== undefined && attempt.finishedAt ? Math.max(now, Date.parse(attempt.retryAt ?? attempt.finishedAt)) : undefined;
}

/**
 * The end of the time axis: the end of the generation, or the latest time that is known.
 * @param {Generation} generation
 * @param {number} now
 */
function axisEnd(generation, now) {
  const last = generation.attempts.at(-1);
  const known = [Date.parse(generation.createdAt) + 1_000];
  if (generation.completedAt) {
    known.push(Date.parse(generation.completedAt));
  } else {
    known.push(now);
    if (last?.retryAt) {
      known.push(Date.parse(last.retryAt));
    }
  }
  if (last?.finishedAt) {
    known.push(Date.parse(last.finishedAt));
  }
  return Math.max(...known);
}

const STEPS = [100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 30_000, 60_000, 120_000, 300_000, 600_000, 1_800_000, 3_600_000, 7_200_000];

/**
 * Round times on the axis.
 * @param {number} end milliseconds
 * @param {number} maximum number of times
 */
function axisTicks(end, maximum) {
  const step = STEPS.find((candidate) => end / candidate < maximum) ?? 14_400_000;
  return Array.from({ length: Math.floor(end / step) + 1 }, (_, index) => index * step).filter((tick) => tick <= end * 0.85);
}

/** @param {number} millis */
function tickLabel(millis) {
  if (millis < 60_000) {
    return `${millis / 1_000} s`;
  }
  return millis < 3_600_000 ? `${millis / 60_000} min` : `${millis / 3_600_000} h`;
}
