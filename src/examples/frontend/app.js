// The page: creates a generation, and shows it until its end. The id is in the URL, so that a reload and a shared link show the same one.
import { problemOf, send, sleep, watch } from './watch.js';

const form = document.querySelector('form');
const button = form.querySelector('button');
const fieldError = document.querySelector('#prompt-error');
const problemBox = document.querySelector('#problem');
const result = document.querySelector('#result');

const CHANNELS = {
  stream: 'Live: the server reports each change.',
  polling: 'No event stream: the page asks every two seconds.',
};
const OUTCOMES = {
  RUNNING: 'running', SUCCEEDED: 'succeeded', TIMEOUT: 'timed out', LOST: 'lost in a crash', INTERRUPTED: 'interrupted', PERMANENT: 'failed',
  RETRYABLE: 'failed',
};

function showProblem(problem, retryMs) {
  const fields = problem?.errors ?? [];
  fieldError.textContent = fields.filter(({ pointer }) => pointer === '#/prompt').map(({ detail }) => `It ${detail}.`).join(' ');
  const detail = problem && !fieldError.textContent ? `${problem.title}. ${problem.detail ?? ''}` : '';
  problemBox.textContent = retryMs ? `${detail} Next try in ${Math.ceil(retryMs / 1000)} s.` : detail;
  problemBox.hidden = !detail;
}

/**
 * Creates a generation. The key stays the same until there is a response, over failures and reloads of the page, so that the request
 * creates one generation, however often it is sent.
 */
async function create(submission) {
  sessionStorage.setItem('submission', JSON.stringify(submission));
  button.disabled = true;
  try {
    for (;;) {
      const { id, problem, retryMs } = await post(submission);
      showProblem(problem, retryMs);
      if (id) {
        history.pushState(null, '', `?id=${id}`);
        show();
      }
      if (!retryMs) break;
      await sleep(retryMs);
    }
    sessionStorage.removeItem('submission');
  } finally {
    button.disabled = false;
  }
}

async function post({ key, prompt }) {
  try {
    const response = await send('/api/images', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'Idempotency-Key': key },
      body: JSON.stringify({ prompt }),
    });
    return response.ok ? { id: (await response.json()).id } : await problemOf(response);
  } catch {
    return { problem: { title: 'No connection' }, retryMs: 2_000 };
  }
}

let watching = new AbortController();

/** Shows the generation of the URL, if there is one. */
function show() {
  watching.abort();
  watching = new AbortController();
  const id = new URLSearchParams(location.search).get('id');
  result.hidden = !id;
  if (!id) return;
  render({ status: 'PENDING', prompt: '', attempts: [] });
  watch(id, {
    signal: watching.signal,
    onGeneration(generation) {
      showProblem();
      render(generation);
    },
    onProblem: showProblem,
    onChannel(channel) {
      document.querySelector('#channel').textContent = CHANNELS[channel];
    },
  });
}

function render({ status, prompt, attempts, imageUrls, error, queuePosition }) {
  document.querySelector('#prompt-shown').textContent = prompt;
  const states = { PENDING: 'In progress', COMPLETE: 'Ready', FAILED: `Failed: ${error?.message}` };
  document.querySelector('#status').textContent = queuePosition ? `Place ${queuePosition} in the queue` : states[status];
  document.querySelector('#status').dataset.status = status;
  document.querySelector('#channel').hidden = status !== 'PENDING';
  document.querySelector('#attempts').replaceChildren(...attempts.map((attempt, i) => attemptItem(attempt, i === attempts.length - 1)));
  const images = document.querySelector('#images');
  // Each response has new signatures, so the images are created once and not replaced.
  if (images.childElementCount !== (imageUrls?.length ?? 0)) images.replaceChildren(...(imageUrls ?? []).map((url) => image(url, prompt)));
}

function attemptItem({ number, outcome, error, retryAt, progress }, isLast) {
  const item = document.createElement('li');
  item.dataset.outcome = outcome;
  const percent = progress?.percent === undefined ? '' : ` ${progress.percent} %`;
  const next = retryAt && isLast ? `, next attempt at ${new Date(retryAt).toLocaleTimeString()}` : '';
  item.textContent = `Attempt ${number}: ${OUTCOMES[outcome]}${percent}${error ? `, ${error.code}` : ''}${next}`;
  return item;
}

function image(url, prompt) {
  const element = document.createElement('img');
  element.alt = prompt;
  element.src = url;
  return element;
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  create({ key: crypto.randomUUID(), prompt: form.elements.prompt.value });
});
window.addEventListener('popstate', show);
show();
// A reload before the response: the same request is sent again.
const unfinished = sessionStorage.getItem('submission');
if (unfinished) create(JSON.parse(unfinished));
