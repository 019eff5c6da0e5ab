"""Draws the figures of docs/notifications-design.md with the Python standard library.

    python3 src/diagrams/notification_design.py

writes docs/diagrams/notification-*.svg and -dark.svg, and their descriptions as docs/diagrams/notification-figures.md. Each figure
is 800 units wide, has its own background, a title and a description, and carries the SHA-256 of this file, by which
NotificationDesignFiguresTest finds stale figures.
"""
import hashlib
from html import escape
from pathlib import Path

OUT = Path(__file__).resolve().parents[2] / "docs" / "diagrams"
DIGEST = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
WIDTH = 800
DRAWN = []
FONT = "Helvetica, Arial, 'Liberation Sans', sans-serif"
THEMES = {
    "": dict(bg="#ffffff", ink="#1f2328", line="#57606a", node="#f6f8fa", blue="#ddf4ff", green="#dafbe1", yellow="#fff8c5",
             red="#ffebe9", purple="#fbefff", frame="#d0d7de", accent="#0969da"),
    "-dark": dict(bg="#0d1117", ink="#e6edf3", line="#9198a1", node="#161b22", blue="#12263f", green="#12301d", yellow="#3a2d0b",
                  red="#3d1517", purple="#2a1a3f", frame="#3d444d", accent="#58a6ff"),
}


def text_width(text, size):
    """Estimates the width of a line in units: wide letters count more than narrow ones."""
    return sum(0.35 if c in " .,:;'|!ijlt()[]/-" else 0.9 if c in "MWmw@" else 0.7 if c.isupper() or c == "_" else 0.61 for c in text) * size


def wrap(text, width, size):
    lines = []
    for part in text.split("\n"):
        line = ""
        for word in part.split(" "):
            if line and text_width(line + " " + word, size) > width:
                lines.append(line)
                line = word
            else:
                line = line + " " + word if line else word
        lines.append(line)
    return lines


class Figure:
    def __init__(self, name, title, description):
        self.name, self.title, self.description = name, title, description
        self.parts = []
        self.height = 0

    def add(self, part, bottom):
        self.parts.append(part)
        self.height = max(self.height, bottom)

    def text(self, x, y, lines, size=13, anchor="middle", weight="normal", color="ink"):
        lines = lines if isinstance(lines, list) else [lines]
        for i, line in enumerate(lines):
            self.add(f'<text x="{x:.0f}" y="{y + i * size * 1.25:.0f}" font-size="{size}" text-anchor="{anchor}" '
                     f'font-weight="{weight}" fill="{{{color}}}">{escape(line)}</text>', y + i * size * 1.25 + 6)

    def rect(self, x, y, w, h, fill="node", dash=False, radius=6, stroke="line"):
        extra = ' stroke-dasharray="6 4"' if dash else ""
        self.add(f'<rect x="{x:.0f}" y="{y:.0f}" width="{w:.0f}" height="{h:.0f}" rx="{radius}" fill="{{{fill}}}" '
                 f'stroke="{{{stroke}}}" stroke-width="1.3"{extra}/>', y + h + 8)

    def box(self, x, y, w, h, title, body="", fill="node", dash=False, size=13):
        """Draws a box with a bold title and wrapped text, centred."""
        self.rect(x, y, w, h, fill, dash)
        head = wrap(title, w - 12, size + 1)
        rest = wrap(body, w - 14, size) if body else []
        total = (len(head) * (size + 1) + len(rest) * size) * 1.25
        top = y + (h - total) / 2 + size
        self.text(x + w / 2, top, head, size + 1, weight="bold")
        self.text(x + w / 2, top + len(head) * (size + 1) * 1.25, rest, size)

    def line(self, points, label="", at=None, dash=False, both=False, color="line", size=13, width=150, anchor="middle", head=True):
        path = " ".join(f"{x:.0f},{y:.0f}" for x, y in points)
        extra = ' stroke-dasharray="6 4"' if dash else ""
        extra += f' marker-end="url(#{color})"' if head else ""
        extra += f' marker-start="url(#{color})"' if both else ""
        self.add(f'<polyline points="{path}" fill="none" stroke="{{{color}}}" stroke-width="1.6"{extra}/>',
                 max(y for _, y in points))
        if label:
            if at is None:
                (x1, y1), (x2, y2) = points[0], points[-1]
                at = ((x1 + x2) / 2, (y1 + y2) / 2)
            self.label(at[0], at[1], label, size, width, anchor)

    def label(self, x, y, label, size=13, width=150, anchor="middle"):
        """Draws text with a background, centred on y."""
        lines = wrap(label, width, size)
        w = max(text_width(line, size) for line in lines) + 6
        h = len(lines) * size * 1.25
        left = x - w / 2 if anchor == "middle" else x - 3 if anchor == "start" else x - w + 3
        self.add(f'<rect x="{left:.0f}" y="{y - h / 2 - 1:.0f}" width="{w:.0f}" height="{h + 2:.0f}" fill="{{bg}}"/>', y + h / 2)
        self.text(x, y - h / 2 + size, lines, size, anchor)

    def write(self):
        DRAWN.append(self)
        height = self.height + 12
        marks = "".join(
            f'<marker id="{color}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" '
            f'orient="auto-start-reverse"><path d="M0,0 L10,5 L0,10 z" fill="{{{color}}}"/></marker>' for color in ("line", "accent"))
        body = "\n".join(self.parts)
        for suffix, theme in THEMES.items():
            svg = (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" width="{WIDTH}" '
                   f'height="{height:.0f}" role="img" aria-labelledby="t d" font-family="{FONT}">\n'
                   f'<!-- source sha256:{DIGEST} -->\n<title id="t">{escape(self.title)}</title>\n'
                   f'<desc id="d">{escape(self.description)}</desc>\n<defs>{marks}</defs>\n'
                   f'<rect width="{WIDTH}" height="{height:.0f}" fill="{{bg}}"/>\n{body}\n</svg>\n')
            for key, value in theme.items():
                svg = svg.replace("{" + key + "}", value)
            (OUT / f"{self.name}{suffix}.svg").write_text(svg)


class Sequence(Figure):
    """A sequence diagram: participants from left to right, messages, notes and alternatives."""

    def __init__(self, name, title, description, participants):
        super().__init__(name, title, description)
        self.names = [key for key, _ in participants]
        step = (WIDTH - 20) / len(participants)
        self.x = {key: 10 + step * (i + 0.5) for i, (key, _) in enumerate(participants)}
        self.step = step
        self.heads = participants
        self.y = 66
        self.lane_start = 58
        self.body = []

    def message(self, source, target, label, reply=False, asynchronous=False):
        x1, x2 = self.x[source], self.x[target]
        width = abs(x2 - x1) - 14
        lines = wrap(label, max(width, self.step - 14), 13)
        self.y += len(lines) * 16.3 + 4
        self.body.append(("label", (x1 + x2) / 2, self.y - (len(lines) * 16.3) / 2 - 4, lines))
        self.body.append(("arrow", x1, x2, self.y, reply or asynchronous))
        self.y += 12

    def note(self, label, left=None, right=None, fill="yellow"):
        x1 = (self.x[left] if left else self.x[self.names[0]]) - self.step / 2 + 6
        x2 = (self.x[right or left] if left else self.x[self.names[-1]]) + self.step / 2 - 6
        lines = wrap(label, x2 - x1 - 16, 13)
        height = len(lines) * 16.3 + 10
        self.y += 4
        self.body.append(("note", x1, self.y, x2 - x1, height, lines, fill))
        self.y += height + 10

    def alternatives(self, *branches):
        """Draws a frame with one compartment per (condition, function that adds the steps)."""
        top = self.y + 2
        start = len(self.body)
        marks = []
        for i, (condition, steps) in enumerate(branches):
            marks.append((self.y + 2, ("alt  " if i == 0 else "else  ") + condition))
            self.y += 10 + 17 * len(wrap(marks[-1][1], WIDTH - 90, 13))
            steps()
            self.y += 2
        self.body.insert(start, ("frame", top, self.y, marks))
        self.y += 10

    def write(self):
        end = self.y + 8
        for key, label in self.heads:
            x = self.x[key]
            self.line([(x, self.lane_start), (x, end)], dash=True, head=False, color="frame")
        for item in self.body:
            if item[0] == "frame":
                _, top, bottom, marks = item
                self.add(f'<rect x="6" y="{top:.0f}" width="{WIDTH - 12}" height="{bottom - top:.0f}" rx="4" fill="none" '
                         f'stroke="{{accent}}" stroke-width="1.3"/>', bottom)
                for i, (y, label) in enumerate(marks):
                    if i:
                        self.line([(6, y), (WIDTH - 6, y)], dash=True, head=False, color="accent")
                    lines = wrap(label, WIDTH - 90, 13)
                    w = max(text_width(line, 13) for line in lines) * 1.06 + 14
                    self.add(f'<rect x="7" y="{y + 1:.0f}" width="{w:.0f}" height="{len(lines) * 17 + 3:.0f}" fill="{{blue}}"/>', y)
                    self.text(13, y + 15, lines, 13, "start", "bold")
        for item in self.body:
            if item[0] == "label":
                _, x, y, lines = item
                self.label(x, y, "\n".join(lines), 13, 1000)
            elif item[0] == "arrow":
                _, x1, x2, y, dash = item
                self.line([(x1, y), (x2, y)], dash=dash, color="line")
            elif item[0] == "note":
                _, x, y, w, h, lines, fill = item
                self.rect(x, y, w, h, fill, radius=3)
                self.text(x + w / 2, y + 17, lines, 13)
        for key, label in self.heads:
            self.box(self.x[key] - self.step / 2 + 5, 8, self.step - 10, 50, label, fill="green" if key == "db" else "node")
        self.height = max(self.height, end + 4)
        super().write()


def context():
    p = Figure("notification-context", "System context",
                "Darkroom in the centre. Users with browsers and phones create generations and receive notifications over HTTPS. "
                "Servers of customers receive signed webhooks. Darkroom calls an AI server, stores everything in PostgreSQL, fetches "
                "public keys from an identity provider, and operators read health and logs. E-mail and push services are proposed.")
    p.box(300, 170, 200, 110, "Darkroom", "image-generation API with notifications, one or more nodes", "blue")
    p.box(14, 20, 190, 76, "User", "browser tabs, phone, command line")
    p.box(596, 20, 190, 76, "Customer's server", "receives webhooks")
    p.box(596, 186, 190, 78, "AI server", "makes the images, seconds to minutes")
    p.box(14, 186, 190, 78, "Identity provider", "public keys for tokens (JWKS)")
    p.box(14, 352, 190, 76, "Operator", "on call")
    p.box(305, 352, 190, 76, "PostgreSQL", "every notification, cursor and delivery", "green")
    p.box(596, 352, 190, 76, "E-mail, push service", "proposed: escalation", dash=True)
    p.line([(204, 50), (352, 50), (352, 170)], "HTTPS: create, list, acknowledge", at=(322, 74), width=140)
    p.line([(318, 170), (318, 122), (110, 122), (110, 96)], "SSE or WebSocket: notifications", at=(214, 134), width=200, color="accent")
    p.line([(450, 170), (450, 58), (596, 58)], "HTTPS POST, signed", at=(520, 74), width=130, color="accent")
    p.line([(500, 225), (596, 225)], "HTTPS", at=(548, 212), width=80)
    p.line([(300, 225), (204, 225)], "HTTPS", at=(252, 212), width=80)
    p.line([(400, 280), (400, 352)], "SQL, LISTEN and NOTIFY", at=(400, 316), width=170, both=True)
    p.line([(204, 390), (252, 390), (252, 300), (320, 300), (320, 280)], "health, logs, doctor", at=(252, 330), width=90)
    p.line([(480, 280), (480, 308), (690, 308), (690, 352)], "proposed", at=(600, 308), width=80, dash=True)
    p.write()


def number(p, x, y, n):
    p.add(f'<circle cx="{x}" cy="{y}" r="10" fill="{{accent}}"/>', y + 10)
    p.text(x, y + 4.5, str(n), 13, weight="bold", color="bg")


def containers():
    p = Figure("notification-containers", "Containers and data flow",
                "A load balancer spreads clients over two equal nodes A and B. Each node has an API, a hub, a notify channel, a worker and "
                "a webhook sender. Step 1: the worker of node A commits outcome, notification and deliveries to PostgreSQL. Step 2: it "
                "hands the hash of the user to its notify channel. Step 3: NOTIFY goes through PostgreSQL to the notify channel of every "
                "node. Step 4: the hub is woken. Step 5: the hub reads the rows. Step 6: the API writes frames. Step 7: webhooks are sent.")
    p.box(14, 12, 150, 50, "Browser, phone")
    p.box(232, 12, 336, 50, "Load balancer", "TLS, no sticky sessions, no buffering", "purple")
    p.box(626, 12, 160, 50, "Customer's server")
    p.line([(164, 37), (232, 37)], both=True)
    for side, x in (("A", 14), ("B", 414)):
        p.rect(x, 92, 372, 212, "node", radius=8)
        p.text(x + 254, 114, f"node {side}", 15, "start", "bold")
        p.box(x + 12, 106, 222, 66, "API", "event stream, WebSocket, list, acknowledgement, tickets", "blue")
        p.box(x + 254, 126, 106, 46, "Webhook sender", fill="blue")
        p.box(x + 12, 218, 92, 72, "Hub", "streams, positions", "blue")
        p.box(x + 140, 218, 94, 72, "Notify channel", fill="blue")
        p.box(x + 268, 218, 92, 72, "Worker", "ends jobs", "blue")
        p.line([(x + 58, 218), (x + 58, 172)], color="accent")
        number(p, x + 58, 196, 6)
        p.line([(x + 140, 254), (x + 104, 254)], color="accent")
        number(p, x + 122, 238, 4)
        p.line([(x + 58, 382), (x + 58, 290)], color="accent")
        number(p, x + 58, 344, 5)
    p.line([(282, 254), (248, 254)], color="accent")
    number(p, 265, 238, 2)
    p.line([(682, 254), (648, 254)])
    p.line([(328, 290), (328, 382)], color="accent")
    number(p, 328, 344, 1)
    p.line([(201, 290), (201, 406)], color="accent")
    number(p, 201, 344, 3)
    p.line([(601, 406), (601, 290)], color="accent")
    number(p, 601, 344, 3)
    p.line([(728, 290), (728, 382)], both=True)
    p.line([(300, 62), (160, 106)], both=True)
    p.line([(500, 62), (530, 106)], both=True)
    p.line([(740, 126), (740, 62)], color="accent")
    number(p, 740, 78, 7)
    p.rect(14, 382, 772, 186, "green", radius=8)
    p.text(28, 404, "PostgreSQL", 15, "start", "bold")
    p.box(150, 406, 502, 34, "NOTIFY: hash of the user, no data", fill="bg")
    p.box(28, 452, 364, 50, "generations, generation_queue", "status and outcome; leases", "bg")
    p.box(408, 452, 364, 50, "user_streams, notifications", "epoch, last_seq; rows in weekly partitions", "bg")
    p.box(28, 510, 364, 50, "subscriber_cursors, stream_tickets", "acknowledged numbers; hashed tickets", "bg")
    p.box(408, 510, 364, 50, "webhook_deliveries, webhook_queue", "one row per endpoint; leases", "bg")
    p.text(28, 592, [
        "1  One transaction: outcome, notification with its number, webhook deliveries.",
        "2, 3  After the commit: NOTIFY, under load every 20 ms per node; PostgreSQL passes it to every listening node.",
        "4  The hub is woken. If 2, 3 or 4 is lost, it finds the row by its own poll every 2 s.",
        "5  The hub reads the rows after the position of each stream, up to 64 users in one statement.",
        "6  The API writes frames to the open connections of the user.",
        "7  The webhook sender of any node claims due deliveries (lease, fencing token) and posts them."], 13, "start")
    p.write()


def watching():
    s = Sequence("notification-watching", "A user who watches",
                 "A browser opens a stream at node A. A worker at node B commits the end of a generation with notification 17. If NOTIFY "
                 "arrives, the hub reads the row and sends frame 17. Otherwise the poll finds it within two seconds. The browser then "
                 "reads the generation and acknowledges 17.",
                 [("b", "Browser"), ("a", "API, node A"), ("h", "Hub, node A"), ("db", "PostgreSQL"), ("w", "Worker, node B")])
    s.message("b", "a", "GET /notifications/ stream?ticket=...")
    s.message("a", "h", "subscribe u1")
    s.message("h", "db", "epoch, last_seq of u1")
    s.message("db", "h", "7f3a2b9c, 16", reply=True)
    s.message("a", "b", "200, retry 3000, id 7f3a2b9c-16", reply=True)
    s.message("w", "db", "COMMIT outcome, notification 17")

    def arrives():
        s.message("w", "db", "NOTIFY hash of u1", asynchronous=True)
        s.message("db", "h", "hash of u1", asynchronous=True)

    def lost():
        s.message("h", "db", "last_seq of all my users")
        s.message("db", "h", "u1: 17", reply=True)

    s.alternatives(("NOTIFY arrives: median 15 ms after the commit", arrives), ("NOTIFY is lost: found by the poll within 2 s", lost))
    s.message("h", "db", "rows of u1 after 16")
    s.message("db", "h", "row 17", reply=True)
    s.message("h", "b", "id 7f3a2b9c-17, event notification")
    s.message("b", "a", "GET /api/generation/ {generationId}")
    s.message("a", "b", "COMPLETE, image URLs", reply=True)
    s.message("b", "a", "POST /notifications/ ack, seq 17")
    s.message("a", "db", "cursor = greatest(cursor, 17)")
    s.write()


def offline():
    s = Sequence("notification-offline", "Offline and back",
                 "A browser that knows position 7f3a2b9c-17 reconnects. If all later rows exist, it receives 18 to 20 and then live "
                 "notifications. If some were deleted or the epoch is another, it receives a reset, reads the list and continues. Without "
                 "a position but with a subscriber name, the stream starts after the device's acknowledged number.",
                 [("b", "Browser"), ("a", "API, any node"), ("h", "Hub"), ("db", "PostgreSQL")])
    s.note("knows 7f3a2b9c-17, was away", "b")
    s.message("b", "a", "GET stream, Last-Event-ID or ?last_event_id= or ?subscriber=")
    s.message("a", "h", "subscribe u1 at 17")
    s.message("h", "db", "epoch, last_seq; cursor of the subscriber")
    s.message("db", "h", "7f3a2b9c, 20", reply=True)

    def complete():
        s.message("h", "db", "rows after 17, 100 at a time")
        s.message("h", "b", "frames 18, 19, 20, then live")

    def expired():
        s.message("h", "b", "event reset: reason, epoch, lastSeq 20; its id is 7f3a2b9c-20")
        s.message("b", "a", "GET /api/notifications: what remains")
        s.note("replace the shown list, continue after 20", "b", "a")

    def named():
        s.message("h", "db", "rows after the acknowledged number of this subscriber")
        s.message("h", "b", "frames, then live")

    s.alternatives(("same epoch, and all rows after 17 exist", complete),
                   ("rows were deleted (EXPIRED), EPOCH_CHANGED, BEYOND_END or MALFORMED", expired),
                   ("no position, but ?subscriber=", named))
    s.write()


def node_dies():
    s = Sequence("notification-node-dies", "A node dies or stops",
                 "If node A is killed, the browser notices the closed connection, or 45 seconds without a ping, and reconnects through "
                 "the load balancer to node B with its last id. If node A stops for a deploy, it first sends close, spread over 15 s. In "
                 "both cases node B sends the missed rows.",
                 [("b", "Browser"), ("l", "Load balancer"), ("a", "Node A"), ("c", "Node B"), ("db", "PostgreSQL")])
    s.message("a", "b", "id 7f3a2b9c-18 over the open stream")

    def killed():
        s.note("kill -9, power, network", "a", fill="red")
        s.note("TCP reset at once, or no ping for 45 s: wait 3 s", "b", "l")

    def stopped():
        s.note("SIGTERM", "a")
        s.message("a", "l", "readiness 503: no new clients")
        s.message("a", "b", "retry 8412, event close SHUTDOWN (streams spread over 15 s)")
        s.note("wait 1 to 15 s, random per stream", "b", "l")

    s.alternatives(("node A is killed", killed), ("node A stops for a deploy", stopped))
    s.message("c", "db", "COMMIT notification 19, meanwhile")
    s.message("b", "l", "GET stream, Last-Event-ID 7f3a2b9c-18")
    s.message("l", "c", "same request")
    s.message("c", "db", "epoch, last_seq, rows after 18")
    s.message("db", "c", "row 19", reply=True)
    s.message("c", "b", "frame 19, then live")
    s.note("leases of node A expire after 15 s; node B repeats its unfinished work", "c", "db")
    s.write()


def devices():
    s = Sequence("notification-devices", "Two devices acknowledge",
                 "Phone and laptop of one user are connected to different nodes and both receive 18. The phone acknowledges. If the "
                 "number was assigned, the cursors move forward and the laptop receives unreadState over NOTIFY. Otherwise the request "
                 "is rejected with 400. Then the user opens the notification on the phone and the laptop's unread count becomes 0.",
                 [("p", "Phone"), ("a", "Node A"), ("db", "PostgreSQL"), ("c", "Node B"), ("l", "Laptop")])
    s.message("a", "p", "frame 18")
    s.message("c", "l", "frame 18")
    s.message("p", "a", "ack: subscriber phone-2f6d, seq 18")

    def assigned():
        s.message("a", "db", "cursor of phone = greatest(cursor, 18); same for the user")
        s.message("a", "p", "ackedSeq 18, lastSeq 18, unreadCount 1", reply=True)
        s.message("a", "db", "NOTIFY: read state of u1", asynchronous=True)
        s.message("db", "c", "NOTIFY", asynchronous=True)
        s.message("c", "l", "unreadState: ackedSeq 18, unreadCount 1")

    def beyond():
        s.message("a", "p", "400: beyond the last notification; nothing changes", reply=True)

    s.alternatives(("seq is at most last_seq (a repeated or lower number changes nothing)", assigned), ("seq is above last_seq", beyond))
    s.message("p", "a", "POST /notifications/ {id}/read")
    s.message("a", "db", "read_at = now(), first time only")
    s.message("db", "c", "NOTIFY", asynchronous=True)
    s.message("c", "l", "unreadState: unreadCount 0")
    s.write()


def webhook_down():
    s = Sequence("notification-webhook-down", "A webhook receiver is down",
                 "A worker commits a delivery with the end of a generation. The sender claims it with a fencing token and sends a signed "
                 "POST. A 2xx response ends the delivery. 410 disables the endpoint at once. Any other outcome is retried after 5 seconds, "
                 "5 minutes and so on, ten attempts in three days; after five days without success the endpoint is disabled.",
                 [("w", "Worker"), ("db", "PostgreSQL"), ("s", "Webhook sender"), ("r", "Receiver")])
    s.message("w", "db", "COMMIT outcome, notification, delivery due now")
    s.message("s", "db", "claim due rows: at most 2 per receiver, 20 per user")
    s.message("db", "s", "delivery, fencing token 1", reply=True)
    s.message("s", "r", "POST, webhook-id, timestamp, signature")

    def delivered():
        s.message("r", "s", "2xx within 20 s", reply=True)
        s.message("s", "db", "DELIVERED, queue row deleted (token 1)")

    def gone():
        s.message("r", "s", "410", reply=True)
        s.message("s", "db", "FAILED; endpoint disabled; notification webhook.disabled")

    def failed():
        s.message("r", "s", "refused, timeout, 3xx, 4xx, 5xx", reply=True)
        s.message("s", "db", "attempt stored, due in 5 s, then 5 m, 30 m, 2 h ... ±20% (token 1)")
        s.note("same webhook-id and body, new timestamp and signature; other receivers are not delayed", "s", "r")
        s.note("after ten attempts: FAILED. Five days without a success: endpoint disabled", "db", "r")

    s.alternatives(("the receiver accepts", delivered), ("the receiver is gone", gone), ("anything else", failed))
    s.write()


def state(p, x, y, w, h, title, body="", fill="blue"):
    p.box(x, y, w, h, title, body, fill)


def dot(p, x, y, end=False):
    if end:
        p.add(f'<circle cx="{x}" cy="{y}" r="9" fill="none" stroke="{{ink}}" stroke-width="1.5"/>', y + 10)
    p.add(f'<circle cx="{x}" cy="{y}" r="6" fill="{{ink}}"/>', y + 10)


def notification_states():
    p = Figure("notification-states", "States of a notification",
                "Recorded when the generation ends. Sent when written to a socket, and back to Recorded when the connection is lost. "
                "Acknowledged from Recorded or Sent. Read from Recorded, Sent or Acknowledged. Expired from every state after 30 days.")
    dot(p, 30, 76)
    state(p, 120, 46, 150, 62, "Recorded", "row with seq", "green")
    state(p, 430, 46, 150, 62, "Sent", "in memory only", "yellow")
    state(p, 430, 236, 160, 62, "Acknowledged", "cursor reached seq", "green")
    state(p, 120, 236, 150, 62, "Read", "read_at is set", "green")
    state(p, 260, 376, 190, 62, "Expired", "weekly partition dropped", "red")
    p.line([(36, 76), (120, 76)], "commit", at=(78, 62), width=80)
    p.line([(270, 64), (430, 64)], "written to a socket", at=(350, 52), width=150)
    p.line([(430, 92), (270, 92)], "connection lost", at=(350, 104), width=150)
    p.line([(520, 108), (520, 236)], "ack of this or a higher number", at=(560, 170), width=130)
    p.line([(262, 108), (440, 236)], "ack from the list", at=(300, 138), width=70)
    p.line([(436, 108), (258, 236)], "the user opens it", at=(400, 138), width=80)
    p.line([(430, 270), (270, 270)], "the user opens it", at=(350, 257), width=150)
    p.line([(180, 108), (180, 236)], "the user opens it", at=(176, 172), width=130)
    p.line([(120, 90), (50, 90), (50, 408), (260, 408)], "30 days", at=(50, 320), width=70)
    p.line([(580, 76), (700, 76), (700, 408), (450, 408)], "30 days", at=(700, 320), width=70)
    p.line([(500, 298), (500, 350), (410, 350), (410, 376)], "30 days", at=(500, 326), width=70)
    p.line([(200, 298), (200, 350), (310, 350), (310, 376)], "30 days", at=(200, 326), width=70)
    dot(p, 355, 472, True)
    p.line([(355, 438), (355, 461)])
    p.text(400, 506, "30 days is notifications.retention; whole weeks are dropped, so a row lives for up to 37 days.", 13)
    p.write()


def device_states():
    p = Figure("notification-states-device", "States of a device",
                "A device starts without a cursor. It is catching up when a stream opens, live at the end of the rows, behind when its "
                "write queue is full, offline when the connection ends. From catching up it may need a reset: it reads the list and "
                "continues. Its cursor is deleted when it has not acknowledged for the retention time.")
    dot(p, 60, 72)
    state(p, 110, 42, 150, 62, "New", "no cursor stored", "yellow")
    state(p, 350, 42, 150, 62, "Catching up", "pages of 100 rows", "blue")
    state(p, 628, 42, 150, 62, "Live", "position = last_seq", "green")
    state(p, 628, 232, 150, 62, "Behind", "write queue full", "yellow")
    state(p, 350, 232, 150, 62, "Offline", "cursor kept", "node")
    state(p, 110, 232, 150, 62, "Reset", "reads the list", "red")
    state(p, 350, 372, 150, 62, "Forgotten", "cursor deleted", "red")
    p.line([(66, 72), (110, 72)])
    p.line([(260, 60), (350, 60)], "stream opens", at=(304, 36), width=70)
    p.line([(500, 72), (628, 72)], "all rows sent", at=(564, 58), width=110)
    p.line([(740, 104), (740, 232)], "client stops reading", at=(740, 160), width=80)
    p.line([(660, 232), (660, 104)], "room again", at=(660, 184), width=60)
    p.line([(628, 262), (500, 262)], "full for 30 s: aborted", at=(564, 286), width=110)
    p.line([(628, 98), (478, 232)], "connection ends", at=(566, 142), width=90)
    p.line([(440, 104), (440, 232)], "ends", at=(440, 152), width=60)
    p.line([(380, 232), (380, 104)], "reconnects", at=(380, 200), width=90)
    p.line([(352, 104), (240, 232)], "rows deleted or epoch changed", at=(288, 184), width=110)
    p.line([(160, 232), (160, 128), (312, 128), (312, 90), (350, 90)], "list read: continues at lastSeq", at=(150, 176), width=110)
    p.line([(425, 294), (425, 372)], "no acknowledgement for 30 days", at=(425, 330), width=240)
    p.line([(350, 404), (40, 404), (40, 92), (110, 92)], "returns", at=(40, 350), width=60)
    p.write()


def delivery_states():
    p = Figure("notification-states-delivery", "States of a webhook delivery",
                "Pending and due when recorded; leased while an attempt runs; waiting after a failure; delivered after 2xx; failed after "
                "the last attempt, after 410 or when the endpoint is disabled. Redelivery makes a delivered or failed one due again.")
    dot(p, 30, 76)
    state(p, 96, 46, 150, 62, "Due", "PENDING, run_at passed", "blue")
    state(p, 370, 46, 170, 62, "Leased", "one attempt, fencing token", "yellow")
    state(p, 370, 216, 170, 62, "Waiting", "PENDING, run_at later", "node")
    state(p, 630, 46, 150, 62, "Delivered", "attempts logged", "green")
    state(p, 630, 216, 150, 62, "Failed", "attempts logged", "red")
    p.line([(36, 76), (96, 76)])
    p.line([(246, 66), (370, 66)], "claim: token + 1", at=(308, 54), width=130)
    p.line([(370, 92), (246, 92)], "node stops: released", at=(308, 116), width=96)
    p.line([(540, 76), (630, 76)], "2xx", at=(584, 64), width=60)
    p.line([(430, 108), (430, 216)], "failure, or the node was lost", at=(416, 160), width=110)
    p.line([(370, 246), (171, 246), (171, 108)], "delay over: 5 s to 24 h", at=(250, 234), width=180)
    p.line([(510, 108), (660, 216)], "410, tenth failure, endpoint disabled", at=(592, 158), width=116)
    p.line([(540, 246), (630, 246)], "disabled", at=(584, 262), width=80)
    p.line([(705, 278), (705, 322), (120, 322), (120, 108)], "redeliver: same webhook-id and body", at=(420, 322), width=340)
    p.line([(760, 46), (760, 22), (171, 22), (171, 46)], "redeliver", at=(470, 22), width=100)
    p.write()


def deployment():
    p = Figure("notification-deployment", "Deployment at three sizes",
                "10 thousand users: two nodes and PostgreSQL with a standby. One million users: four stream nodes, two worker nodes, "
                "PostgreSQL with standby and replica for lists. One hundred million users: a router that maps each user to one of 30 "
                "cells; each cell has eleven stream nodes, worker nodes and its own PostgreSQL.")
    p.text(14, 24, "10 thousand users  (600 streams at peak)", 15, "start", "bold")
    p.box(14, 36, 120, 56, "Load balancer", fill="purple")
    p.box(190, 36, 250, 56, "2 nodes", "API, hub, workers, webhooks", "blue")
    p.box(500, 36, 286, 56, "PostgreSQL", "synchronous standby", "green")
    p.line([(134, 64), (190, 64)])
    p.line([(440, 64), (500, 64)])
    p.text(14, 134, "1 million users  (60,000 streams at peak)", 15, "start", "bold")
    p.box(14, 146, 120, 130, "Load balancer", "drain-aware, HTTP/2", "purple")
    p.box(190, 146, 250, 58, "4 stream nodes", "API and hub, no workers", "blue")
    p.box(190, 218, 250, 58, "worker nodes", "by AI capacity; webhooks", "blue")
    p.box(500, 146, 286, 130, "PostgreSQL", "synchronous standby; NOTIFY reaches every node", "green")
    p.line([(134, 175), (190, 175)])
    p.line([(440, 175), (500, 175)])
    p.line([(440, 247), (500, 247)])
    p.text(14, 318, "100 million users  (6 million streams at peak)", 15, "start", "bold")
    p.box(14, 330, 120, 196, "Router", "user to cell by hash; users have a home region", "purple")
    for i, label in enumerate(("Cell 1", "Cell 2", "... Cell 30")):
        y = 330 + i * 68
        p.rect(190, y, 596, 60, "node")
        p.text(204, y + 24, label, 14, "start", "bold")
        p.text(204, y + 44, "200,000 streams", 13, "start")
        p.box(320, y + 7, 210, 46, "11 stream nodes", "+ worker nodes", "blue")
        p.box(556, y + 7, 218, 46, "PostgreSQL", "synchronous standby", "green")
        p.line([(134, y + 30), (190, y + 30)])
        p.line([(530, y + 30), (556, y + 30)])
    p.text(400, 556, "A cell is the one-million deployment, filled to its limits. Nothing is shared between cells: no query and no NOTIFY", 13)
    p.text(400, 573, "crosses them. Above 200,000 streams in one cell, a streaming engine takes the sockets (section 7).", 13)
    p.write()


def front_end():
    p = Figure("notification-front-end", "Front-end states, and tabs that share one connection",
                "States: signed out, connecting, live, recovering, polling. Connecting becomes live with the first frame, "
                "recovering after an error. Live becomes "
                "recovering when the connection is lost, closed or silent for 45 seconds. Recovering becomes connecting after the delay, "
                "or polling after five failures or when another tab took the stream. Polling tries to connect again every minute. 401 "
                "for a ticket request means signed out. Below: one tab holds a Web Lock and the connection, and passes events to the "
                "others over a BroadcastChannel.")
    dot(p, 30, 70)
    state(p, 90, 40, 150, 62, "Signed out", "cursor removed", "node")
    state(p, 330, 40, 160, 62, "Connecting", "ticket, then stream", "yellow")
    state(p, 610, 40, 160, 62, "Live", "ack after 1 s of quiet", "green")
    state(p, 610, 214, 160, 62, "Recovering", "cursor kept", "yellow")
    state(p, 330, 214, 160, 62, "Polling", "GET list every 15 s", "blue")
    p.line([(36, 70), (90, 70)])
    p.line([(240, 60), (330, 60)], "sign in", at=(285, 48), width=80)
    p.line([(330, 84), (240, 84)], "401 for the ticket", at=(285, 106), width=84)
    p.line([(490, 70), (610, 70)], "first frame", at=(550, 58), width=100)
    p.line([(710, 102), (710, 214)], "lost, close, or no ping for 45 s", at=(712, 158), width=116)
    p.line([(610, 234), (446, 102)], "after delay, with cursor", at=(490, 164), width=94)
    p.line([(490, 92), (650, 214)], "error, 429, 503", at=(592, 152), width=60)
    p.line([(610, 258), (490, 258)], "5 failures, or TOO_MANY_STREAMS", at=(550, 298), width=150)
    p.line([(400, 214), (400, 102)], "every 60 s", at=(400, 158), width=90)
    p.line([(330, 245), (165, 245), (165, 102)], "sign out or 401, from every state", at=(178, 200), width=120)
    p.rect(14, 324, 772, 214, "node", radius=8)
    p.text(28, 346, "One browser, many tabs: one connection", 15, "start", "bold")
    p.box(34, 366, 200, 78, "Tab 1: leader", "holds the Web Lock, owns the machine above", "green")
    p.box(300, 366, 200, 78, "Tab 2: follower", "waits for the lock", "blue")
    p.box(566, 366, 200, 78, "Tab 3: follower", "waits for the lock", "blue")
    p.box(34, 484, 732, 40, "BroadcastChannel: notification, unreadState, reset, state of the leader", fill="purple")
    p.line([(134, 444), (134, 484)], "events", at=(164, 464), width=60)
    p.line([(400, 484), (400, 444)])
    p.line([(666, 484), (666, 444)])
    p.text(28, 564, "When the leader closes, the browser grants the lock to the next tab, which resumes at the stored cursor.", 13, "start")
    p.text(28, 582, "Without it, six tabs would use up the six connections that browsers allow per host on HTTP/1.1.", 13, "start")
    p.write()


def write_descriptions():
    """Writes the text alternatives, for readers without images."""
    text = ["# Figures of the notification design, as text", "",
            "The description of each figure of [the design](../notifications-design.md). `src/diagrams/notification_design.py` writes this page."]
    for figure in DRAWN:
        text += ["", f"## {figure.title}", "", f"[{figure.name}.svg]({figure.name}.svg)", ""] + wrap(figure.description, 140 * 0.6, 1)
    (OUT / "notification-figures.md").write_text("\n".join(text) + "\n")


if __name__ == "__main__":
    for draw in (context, containers, watching, offline, node_dies, devices, webhook_down, notification_states, device_states,
                 delivery_states, deployment, front_end):
        draw()
    write_descriptions()
