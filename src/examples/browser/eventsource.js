// Receives notifications with EventSource. EventSource cannot send headers, so the page requests a ticket first. The browser reconnects
// automatically with the id of the last event. When the ticket has expired, `open` continues from that id with a new ticket.
export function listen({ api, key, cursor, onNotification, onReset = () => {}, onTooManyStreams = () => {} }) {
  let source;
  let lastSeq = 0;
  let closed = false;

  async function open() {
    const response = await fetch(`${api}/api/notifications/ticket`, {
      method: 'POST',
      headers: key ? { Authorization: `Bearer ${key}` } : {},
    });
    if (!response.ok) throw new Error(`ticket request failed: ${response.status}`);
    const { ticket } = await response.json();
    if (closed) return;
    const query = new URLSearchParams(cursor ? { ticket, last_event_id: cursor } : { ticket });
    source = new EventSource(`${api}/api/notifications/stream?${query}`);
    source.onmessage = (event) => { cursor = event.lastEventId; };
    source.addEventListener('notification', (event) => {
      cursor = event.lastEventId;
      const notification = JSON.parse(event.data);
      if (notification.seq > lastSeq) {
        lastSeq = notification.seq;
        onNotification(notification, cursor);
      }
    });
    source.addEventListener('reset', (event) => {
      cursor = event.lastEventId;
      lastSeq = 0;
      onReset(JSON.parse(event.data), cursor);
    });
    source.addEventListener('close', (event) => {
      if (JSON.parse(event.data).reason === 'TOO_MANY_STREAMS') {
        // The user has newer streams, and reconnecting would close one of them. Poll the list instead.
        closed = true;
        source.close();
        onTooManyStreams();
      }
    });
    source.onerror = () => {
      // CONNECTING: the browser reconnects. CLOSED: the request was rejected and the browser gave up, so reconnect here.
      if (source.readyState === EventSource.CLOSED) reconnect();
    };
  }

  function reconnect() {
    if (!closed) setTimeout(() => open().catch(reconnect), 1000 + Math.random() * 4000);
  }

  const opened = open();
  opened.catch(reconnect);
  return {
    opened,
    close() {
      closed = true;
      source?.close();
    },
  };
}
