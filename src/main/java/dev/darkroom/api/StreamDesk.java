package dev.darkroom.api;

import dev.darkroom.access.Address;
import dev.darkroom.access.Credential;
import dev.darkroom.access.KeyRing;
import dev.darkroom.access.Rights;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives those who want a stream a place, and looks now and then whether what they came in with is still good. For the event loop of
 * one verticle.
 */
final class StreamDesk {
    private static final Logger LOG = LoggerFactory.getLogger(StreamDesk.class);

    /** When there is no room: long enough for others to go. */
    private static final int LEAST_RETRY_MS = 5_000;

    private static final int MOST_RETRY_MS = 15_000;

    /** What is cheap is looked at as often as a key is believed at the door. */
    private static final Duration TURN = KeyRing.BELIEVED;

    private final EventStreams streams;
    private final StreamRoster roster;
    private final Rights rights;
    private final RandomGenerator random;

    /** What is dear is looked at in one of so many turns. */
    private final int turns;

    private final Set<Guest> guests = new HashSet<>();
    private int turn;
    private boolean looking;

    private StreamDesk(
            EventStreams streams, StreamRoster roster, Rights rights, Duration recheck, RandomGenerator random) {
        this.streams = streams;
        this.roster = roster;
        this.rights = rights;
        this.turns = (int) Math.max(1, recheck.dividedBy(TURN));
        this.random = random;
    }

    /**
     * Begins to look after rights, on the event loop of the caller.
     *
     * @param recheck how often all that can be said about a credential is looked at
     */
    static StreamDesk start(
            Vertx vertx,
            EventStreams streams,
            StreamRoster roster,
            Rights rights,
            Duration recheck,
            RandomGenerator random) {
        StreamDesk desk = new StreamDesk(streams, roster, rights, recheck, random);
        vertx.setPeriodic(Math.min(TURN.toMillis(), recheck.toMillis()), timer -> desk.look());
        return desk;
    }

    /** Somebody with a place. */
    private static final class Guest {
        private final String user;
        private final String request;
        private final Credential credential;
        private final int turn;
        private Line line;

        private Guest(String user, String request, Credential credential, int turn) {
            this.user = user;
            this.request = request;
            this.credential = credential;
            this.turn = turn;
        }
    }

    /** What somebody has who has a place. */
    interface Place {
        /** Gives it back. Once. */
        void leave();
    }

    /**
     * Answers with a stream, which is over already when there is no room for it.
     *
     * @param first frame, written with the head
     */
    EventStream open(Exchange exchange, Buffer first, EventStream.Owner owner) {
        Seated seated = new Seated(owner);
        Line late = reason -> {
            if (seated.stream != null) {
                seated.stream.bye(reason);
            }
        };
        seated.place = place(exchange, exchange.user(), exchange.credential(), late);
        EventStream stream = streams.open(exchange.request(), first, seated);
        seated.stream = stream;
        if (seated.place == null) {
            stream.bye("FULL", retryWhenFull());
        }
        return stream;
    }

    /** Of who finds no room: after how long to come back. */
    int retryWhenFull() {
        return random.nextInt(LEAST_RETRY_MS, MOST_RETRY_MS + 1);
    }

    /**
     * A place for a line that is about to open.
     *
     * @param user may be known only after the request
     * @param credential null where nothing had to be presented
     * @return null when there is none
     */
    Place place(Exchange exchange, String user, Credential credential, Line line) {
        Context eventLoop = Vertx.currentContext();
        String address = Address.of(exchange.request().remoteAddress());
        StreamRoster.Seat seat =
                roster.take(user, address, () -> eventLoop.runOnContext(go -> line.bye("TOO_MANY_STREAMS")));
        if (seat == null) {
            return null;
        }
        if (credential == null) {
            return seat::leave;
        }
        Guest guest = new Guest(user, exchange.requestId(), credential, random.nextInt(turns));
        guest.line = line;
        guests.add(guest);
        return () -> {
            guests.remove(guest);
            seat.leave();
        };
    }

    /** Between a stream and its owner. */
    private static final class Seated implements EventStream.Owner {
        private final EventStream.Owner owner;
        private EventStream stream;
        private Place place;

        private Seated(EventStream.Owner owner) {
            this.owner = owner;
        }

        @Override
        public void drained() {
            owner.drained();
        }

        @Override
        public void closed() {
            if (place != null) {
                place.leave();
            }
            owner.closed();
        }

        @Override
        public JsonObject ping() {
            return owner.ping();
        }
    }

    private void look() {
        if (looking || guests.isEmpty()) {
            return;
        }
        looking = true;
        turn = (turn + 1) % turns;
        List<Credential> all = guests.stream().map(guest -> guest.credential).toList();
        List<Credential> due = guests.stream()
                .filter(guest -> guest.turn == turn)
                .map(guest -> guest.credential)
                .toList();
        Context eventLoop = Vertx.currentContext();
        rights.ended(all)
                .onSuccess(ended -> eventLoop.runOnContext(back -> dismiss(ended)))
                .onFailure(error -> LOG.atDebug()
                        .addKeyValue("reason", error.getMessage())
                        .log("could not look at the rights of streams"))
                .transform(done -> rights.lost(due))
                .onComplete(lost -> eventLoop.runOnContext(back -> {
                    looking = false;
                    if (lost.succeeded()) {
                        dismiss(lost.result());
                    }
                }));
    }

    private void dismiss(Set<Credential> ended) {
        for (Guest guest : List.copyOf(guests)) {
            if (ended.contains(guest.credential) && guests.contains(guest)) {
                LOG.atInfo()
                        .addKeyValue("user", guest.user)
                        .addKeyValue("request", guest.request)
                        .addKeyValue("credential", guest.credential)
                        .log("audit: a stream was closed, since what it was opened with is good no more");
                guest.line.bye("UNAUTHORIZED");
            }
        }
    }
}
