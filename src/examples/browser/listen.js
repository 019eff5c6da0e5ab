// Notifications by fetch, with a key or a token in a header, in any browser and in Node. Comes back when the connection is lost, with
// the last event's id, so that nothing is missed; drops what comes twice. Ends when `signal` says so.
export async function listen({ api, key, cursor, onNotification, onReset = () => {}, signal }) {
  let lastSeq = 0;
  let retryMs = 3000;
  while (!signal?.aborted) {
    try {
      const headers = { Accept: 'text/event-stream' };
      if (key) headers.Authorization = `Bearer ${key}`;
      if (cursor) headers['Last-Event-ID'] = cursor;
      const response = await fetch(`${api}/api/notifications/stream`, { headers, signal, cache: 'no-store' });
      if (response.status === 401) throw Object.assign(new Error('this key is not good'), { fatal: true });
      if (!response.ok) throw new Error(`${response.status}`);
      for await (const { id, event, data, retry } of events(response.body)) {
        if (retry) retryMs = retry;
        if (id) cursor = id;
        if (event === 'notification') {
          const notification = JSON.parse(data);
          if (notification.seq > lastSeq) {
            lastSeq = notification.seq;
            await onNotification(notification, cursor);
          }
        } else if (event === 'reset') {
          // Some of what was missed is kept no longer: read the list.
          lastSeq = 0;
          await onReset(JSON.parse(data), cursor);
        }
      }
    } catch (lost) {
      if (lost.fatal) throw lost;
    }
    if (!signal?.aborted) await new Promise((go) => setTimeout(go, retryMs));
  }
}

// Takes an event stream apart. What is cut off before its blank line counts for nothing.
async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    text += value;
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const frame = { data: '' };
      for (const line of text.slice(0, end).split('\n')) {
        const colon = line.indexOf(':');
        if (colon > 0) frame[line.slice(0, colon)] = line.slice(colon + 1).replace(/^ /, '');
      }
      if (frame.retry) frame.retry = Number(frame.retry);
      text = text.slice(end + 2);
      yield frame;
    }
  }
}
