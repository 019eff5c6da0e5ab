// Notifications by EventSource, which cannot send headers: the page gets a ticket first. The browser comes back by itself, with the last
// event's id; when the ticket is too old for that, `open` begins anew with another, from where it was.
export function listen({ api, key, cursor, onNotification, onReset = () => {} }) {
  let source;
  let lastSeq = 0;
  let closed = false;

  async function open() {
    const response = await fetch(`${api}/api/notifications/ticket`, {
      method: 'POST',
      headers: key ? { Authorization: `Bearer ${key}` } : {},
    });
    if (!response.ok) throw new Error(`no ticket: ${response.status}`);
    const { ticket } = await response.json();
    if (closed) return;
    const query = new URLSearchParams(cursor ? { ticket, last_event_id: cursor } : { ticket });
    source = new EventSource(`${api}/api/notifications/stream?${query}`);
    source.onmessage = (first) => { cursor = first.lastEventId; };
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
    source.onerror = () => {
      // CONNECTING: the browser is at it. CLOSED: it was refused, and gives up; so we do not.
      if (source.readyState === EventSource.CLOSED) again();
    };
  }

  function again() {
    if (!closed) setTimeout(() => open().catch(again), 1000 + Math.random() * 4000);
  }

  const opened = open();
  opened.catch(again);
  return {
    opened,
    close() {
      closed = true;
      source?.close();
    },
  };
}
