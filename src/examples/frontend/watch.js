// Waits for the end of a generation. An event says that the generation has changed, and a request then reads it. So the page needs no other
// code when streams do not work: it only asks more often.
//
// - The stream is refused, or the browser gives up: asks every 2 s, and opens another stream after 30 s.
// - The stream breaks: asks every 2 s until the browser has reconnected.
// - The stream is open and silent, for example behind a proxy that buffers: Darkroom sends an event every 30 s at least, so after 45 s
//   without one the stream counts as broken.

const REQUEST_TIMEOUT_MS = 30_000;
const POLL_MS = 2_000;
const REOPEN_MS = 30_000;
const SILENCE_MS = 45_000;

/**
 * Reports the state of a generation until its end.
 *
 * @param id of the generation
 * @param options `onGeneration(generation)`, `onProblem(problem)`, `onChannel('stream' | 'polling')`, and `signal`, which stops it
 */
export async function watch(id, { onGeneration, onProblem, onChannel, signal }) {
  const stream = new EventStream(`/api/images/${id}/stream`, onChannel);
  signal.addEventListener('abort', () => stream.close());
  for (;;) {
    const changed = stream.nextChange(); // Before the request, so that a change during it is not missed.
    const { generation, problem, retryMs } = await getGeneration(id);
    if (signal.aborted) return;
    if (generation) onGeneration(generation);
    if (problem) onProblem(problem);
    if (generation ? generation.status !== 'PENDING' : !retryMs) break;
    stream.open(); // Here, so that a page of a generation that has ended opens no stream.
    await Promise.race([changed, sleep(retryMs ?? (stream.isLive ? SILENCE_MS : POLL_MS))]);
  }
  stream.close();
}

/** Returns `generation`, or `problem` with `retryMs` when a repeated request can succeed. */
async function getGeneration(id) {
  try {
    const response = await send(`/api/images/${id}`);
    if (response.ok) return { generation: await response.json() };
    return problemOf(response);
  } catch {
    return { problem: { title: 'No connection', detail: 'The page tries again.' }, retryMs: POLL_MS };
  }
}

/** Returns the problem of a response, and `retryMs` if the request may be repeated: after a 429 and a 5xx. */
export async function problemOf(response) {
  const problem = await response.json().catch(() => ({ title: `Error ${response.status}` }));
  const retryMs = Number(response.headers.get('Retry-After') ?? 2) * 1000;
  return response.status === 429 || response.status >= 500 ? { problem, retryMs } : { problem };
}

/** Sends a request to the back end. Rejects without a response in time, as after a lost connection. */
export function send(url, options) {
  return fetch(url, { ...options, signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) });
}

export function sleep(ms) {
  return new Promise((resolve) => { setTimeout(resolve, ms); });
}

/** The event stream of one generation, opened with a ticket of the back end. */
class EventStream {
  #ticketUrl;
  #onChannel;
  #source = null;
  #opened = false;
  #closed = false;
  #live = false;
  #silence;
  #wake = () => {};

  constructor(ticketUrl, onChannel) {
    this.#ticketUrl = ticketUrl;
    this.#onChannel = onChannel;
  }

  /** Opens the stream at the first call. */
  open() {
    if (!this.#opened) {
      this.#opened = true;
      this.#onChannel('polling');
      this.#connect();
    }
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#silence);
    this.#source?.close();
  }

  /** Whether the stream is open and has sent an event lately. */
  get isLive() {
    return this.#live;
  }

  /** Settles when the stream reports a change of the generation, or breaks. */
  nextChange() {
    return new Promise((resolve) => { this.#wake = resolve; });
  }

  async #connect() {
    if (this.#closed) return;
    const url = await send(this.#ticketUrl, { method: 'POST' })
      .then((response) => (response.ok ? response.json() : {}))
      .then((json) => json.url, () => undefined);
    if (this.#closed) return;
    if (!url) {
      this.#reconnectAfter(REOPEN_MS);
      return;
    }
    this.#source = new EventSource(url);
    this.#source.addEventListener('generation', () => { this.#setLive(true); this.#wake(); });
    this.#source.addEventListener('ping', () => this.#setLive(true));
    this.#source.addEventListener('close', (event) => {
      const { reason, retryMs } = JSON.parse(event.data);
      this.#source.close();
      this.#setLive(false);
      // After TOO_MANY_STREAMS another stream would close one that the same customer uses elsewhere.
      if (reason !== 'ENDED' && reason !== 'TOO_MANY_STREAMS') this.#reconnectAfter(retryMs);
    });
    this.#source.onerror = () => {
      this.#setLive(false);
      // CONNECTING: the browser reconnects by itself. CLOSED: the request was refused, such as an expired ticket, and the browser gave up.
      if (this.#source.readyState === EventSource.CLOSED) this.#reconnectAfter(REOPEN_MS);
    };
  }

  #reconnectAfter(ms) {
    setTimeout(() => this.#connect(), ms);
  }

  #setLive(live) {
    clearTimeout(this.#silence);
    if (live) {
      this.#silence = setTimeout(() => {
        this.#source.close();
        this.#setLive(false);
        this.#reconnectAfter(REOPEN_MS);
      }, SILENCE_MS);
    }
    if (live !== this.#live) {
      this.#live = live;
      this.#onChannel(live ? 'stream' : 'polling');
      if (!live) this.#wake();
    }
  }
}
