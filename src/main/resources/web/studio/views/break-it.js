import { html, useEffect, useRef, useState } from '../vendor.js';
import { announce } from '../announcer.js';
import { connection } from '../connection.js';
import { Icon } from '../icons.js';
import { simulatorRuns } from '../page.js';
import { usePolling } from '../polling.js';
import { FAULTS, faultOf, remainingCalls, UNLIMITED } from '../simulator.js';
import { loadStyleSheet } from '../style-sheet.js';
import { BreakerPanel } from './break-it/breaker-panel.js';
import { active, breakServer, clearEnded, counters, healServer, problem, refresh, script, send } from './break-it/demo.js';
import { Timeline } from './break-it/timeline.js';

await loadStyleSheet('break-it.css');

const ACTIVE_MILLIS = 1000;
const IDLE_MILLIS = 5000;
const GENERATIONS = 5;

const COUNTS = [
  { times: 1, label: '1' },
  { times: 3, label: '3' },
  { times: 6, label: '6' },
  { times: UNLIMITED, label: 'all' },
];

/** A panel that makes the bundled AI server fail, and shows the reaction of Darkroom live. */
export function BreakItView() {
  return simulatorRuns ? html`<${Panel} />` : html`<${NoSimulator} />`;
}

function NoSimulator() {
  return html`<div class="empty">
    <${Icon} name="bolt" />
    <h1 tabindex="-1">Nothing to break</h1>
    <p>This page controls the simulator, which runs only without authentication and without an AI server of your own.</p>
    <a class="button" href="#/">Open the studio</a>
  </div>`;
}

function Panel() {
  const refreshNow = usePolling(refresh, () => (active.value ? ACTIVE_MILLIS : IDLE_MILLIS));
  const { accepted, waiting } = counters.value;
  const previous = useRef(waiting);
  useEffect(() => {
    if (previous.current > 0 && waiting === 0) {
      const { completed, lost } = counters.value;
      announce(`No generation waits any more: ${completed} of ${accepted} completed, ${lost} lost.`);
    }
    previous.current = waiting;
  }, [waiting]);
  /** @param {Promise<void>} action */
  const act = (action) => action.then(refreshNow);
  return html`
    <div class="break-it-head">
      <h1 tabindex="-1">Break it</h1>
      <p class="lead">
        Make the AI server fail, send work, and watch. Darkroom keeps every generation that it accepted, and tries until it completes.
      </p>
    </div>
    ${problem.value && connection.value === 'online' && html`<div class="notice error break-it-problem" role="alert"><${Icon} name="alert" /><span class="text">${problem.value}</span></div>`}
    <div class="break-it">
      <${ServerPanel} act=${act} />
      <div class="stack">
        <${WorkPanel} act=${act} />
        <${BreakerPanel} />
        <${GenerationsPanel} />
      </div>
    </div>
  `;
}

/** The AI server: its present state and the ways to break it. @param {{act: (action: Promise<void>) => void}} props */
function ServerPanel({ act }) {
  const [times, setTimes] = useState(3);
  const step = script.value[0];
  const current = step && faultOf(step);
  return html`<section class="card server" aria-labelledby="server-title">
    <div class="server-head">
      <h2 id="server-title"><span class="step" aria-hidden="true">1</span> Break the AI server</h2>
      <${ServerState} step=${step} fault=${current} />
      <button type="button" class="button" disabled=${!step} onClick=${() => act(healServer())}>
        <${Icon} name="check" />Healthy again
      </button>
    </div>
    <fieldset class="field server-count">
      <legend>Number of calls that fail</legend>
      <div class="segments">
        ${COUNTS.map(
          (count) =>
            html`<label
              ><input
                type="radio"
                name="times"
                checked=${times === count.times}
                onChange=${() => setTimes(count.times)}
              />${count.label}</label
            >`,
        )}
      </div>
    </fieldset>
    <ul class="faults">
      ${FAULTS.map(
        (fault) =>
          html`<li key=${fault.id}>
            <button
              type="button"
              class="fault"
              aria-pressed=${fault === current ? 'true' : 'false'}
              aria-labelledby=${`${fault.id}-title`}
              aria-describedby=${`${fault.id}-text`}
              onClick=${() => act(breakServer(fault, times))}
            >
              <${Icon} name=${fault.icon} />
              <span class="fault-title" id=${`${fault.id}-title`}>${fault.title}</span>
              <span class="fault-text" id=${`${fault.id}-text`}>
                <span><b>Server:</b> ${fault.server}</span>
                <span><b>Darkroom:</b> ${fault.darkroom}</span>
              </span>
            </button>
          </li>`,
      )}
    </ul>
    <p class="text-muted small">Or stop Darkroom itself with <code>kill -9</code> and start it again: the waiting generations go on.</p>
  </section>`;
}

/**
 * The reaction of the AI server to the next calls.
 *
 * @param {{step: import('../simulator.js').ScriptStep | undefined, fault: import('../simulator.js').Fault | undefined}} props
 */
function ServerState({ step, fault }) {
  if (!step) {
    return html`<p>
      <span role="status"><span class="badge ok">Healthy</span></span> <span class="text-muted small">answers the next call</span>
    </p>`;
  }
  const calls = remainingCalls(step);
  const left = calls === UNLIMITED ? 'until you end it' : calls === 1 ? 'for the next call' : `for the next ${calls} calls`;
  return html`<p>
    <span role="status"><span class="badge error">${fault?.title ?? 'Fails by a script'}</span></span>
    <span class="text-muted small">${left}</span>
  </p>`;
}

/** The button that sends work, and the numbers of its results. @param {{act: (action: Promise<void>) => void}} props */
function WorkPanel({ act }) {
  const [sending, setSending] = useState(false);
  const { accepted, waiting, completed, failed, lost } = counters.value;
  const start = () => {
    setSending(true);
    act(send(GENERATIONS).finally(() => setSending(false)));
  };
  return html`<section class="card work" aria-labelledby="work-title">
    <div class="work-head">
      <h2 id="work-title"><span class="step" aria-hidden="true">2</span> Send work</h2>
      <button type="button" class="button primary" aria-disabled=${sending ? 'true' : 'false'} onClick=${() => !sending && start()}>
        <${Icon} name="images" />Send ${GENERATIONS} generations
      </button>
    </div>
    <dl class="counters">
      <${Counter} label="Accepted" value=${accepted} />
      <${Counter} label="Waiting" value=${waiting} />
      <${Counter} label="Completed" value=${completed} kind="ok" />
      ${failed > 0 && html`<${Counter} label="Failed" value=${failed} kind="warn" />`}
      <${Counter} label="Lost" value=${lost} kind=${lost > 0 ? 'error' : 'ok'} />
    </dl>
  </section>`;
}

/** @param {{label: string, value: number, kind?: string}} props */
function Counter({ label, value, kind = '' }) {
  return html`<div class=${`counter ${kind}`}>
    <dt>${label}</dt>
    <dd>${value}</dd>
  </div>`;
}

function GenerationsPanel() {
  const { accepted, waiting } = counters.value;
  return html`<section class="card generations" aria-labelledby="generations-title">
    <div class="generations-head">
      <h2 id="generations-title"><span class="step" aria-hidden="true">3</span> Watch</h2>
      ${accepted > waiting && html`<button type="button" class="button ghost" onClick=${clearEnded}>Clear the finished</button>`}
    </div>
    ${accepted > 0 ? html`<${Timeline} />` : html`<p class="text-muted">Each generation appears here, with its calls, its failures and the time of the next attempt.</p>`}
  </section>`;
}
