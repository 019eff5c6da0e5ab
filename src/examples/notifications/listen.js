// Receives notifications with fetch, with a key or a token in a header, in browsers and in Node. Reconnects after a lost connection with
// the id of the last event, so that no notification is missed. Ignores duplicates. Stops when `signal` is aborted.
export async function listen({ api, key, cursor, onNotification, onReset = () => {}, signal }) {
  let lastSeq = 0;
  let retryMs = 3000;
  while (!signal?.aborted) {
    try {
      const headers = { Accept: 'text/event-stream' };
      if (key) headers.Authorization = `Bearer ${key}`;
      if (cursor) headers['Last-Event-ID'] = cursor;
      const response = await fetch(`${api}/api/notifications/stream`, { headers, signal, cache: 'no-store' });
      if (response.status === 401) throw Object.assign(new Error('invalid key'), { fatal: true });
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
          // Some missed notifications have expired: read the list.
          lastSeq = 0;
          await onReset(JSON.parse(data), cursor);
        } else if (event === 'close' && JSON.parse(data).reason === 'TOO_MANY_STREAMS') {
          // The user has newer streams, and reconnecting would close one of them. Poll the list instead.
          throw Object.assign(new Error('too many streams'), { fatal: true });
        }
      }
    } catch (error) {
      if (error.fatal) throw error;
    }
    if (!signal?.aborted) await new Promise((resolve) => setTimeout(resolve, retryMs));
  }
}

// Parses an event stream. An event without its final blank line is ignored.
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
