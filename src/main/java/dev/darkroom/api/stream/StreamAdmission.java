package dev.darkroom.api.stream;

import dev.darkroom.api.contract.OperationContext;
import dev.darkroom.auth.ApiKeyCache;
import dev.darkroom.auth.ClientAddressKey;
import dev.darkroom.auth.Credential;
import dev.darkroom.auth.CredentialRevalidator;
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
public final class StreamAdmission {
    private static final Logger LOG = LoggerFactory.getLogger(StreamAdmission.class);

    /** When there is no room: long enough for others to go. */
    private static final int MIN_RETRY_MS = 5_000;

    private static final int MAX_RETRY_MS = 15_000;

    /** What is cheap is looked at as often as a key is believed at the door. */
    private static final Duration CHECK_INTERVAL = ApiKeyCache.CACHE_TTL;

    private final StreamRegistry streams;
    private final StreamLimiter limiter;
    private final CredentialRevalidator revalidator;
    private final RandomGenerator random;

    /** What is dear is looked at in one of so many turns. */
    private final int cohorts;

    private final Set<AdmittedStream> admittedStreams = new HashSet<>();
    private int currentCohort;
    private boolean revalidating;

    private StreamAdmission(
            StreamRegistry streams,
            StreamLimiter roster,
            CredentialRevalidator credentialRevalidator,
            Duration recheck,
            RandomGenerator random) {
        this.streams = streams;
        this.limiter = roster;
        this.revalidator = credentialRevalidator;
        this.cohorts = (int) Math.max(1, recheck.dividedBy(CHECK_INTERVAL));
        this.random = random;
    }

    /**
     * Begins to look after rights, on the event loop of the caller.
     *
     * @param recheck how often all that can be said about a credential is looked at
     */
    public static StreamAdmission start(
            Vertx vertx,
            StreamRegistry streams,
            StreamLimiter roster,
            CredentialRevalidator credentialRevalidator,
            Duration recheck,
            RandomGenerator random) {
        StreamAdmission desk = new StreamAdmission(streams, roster, credentialRevalidator, recheck, random);
        vertx.setPeriodic(
                Math.min(CHECK_INTERVAL.toMillis(), recheck.toMillis()), timer -> desk.revalidateCredentials());
        return desk;
    }

    /** Somebody with a place. */
    private static final class AdmittedStream {
        private final String user;
        private final String requestId;
        private final Credential credential;
        private final int cohort;
        private OpenStream stream;

        private AdmittedStream(String user, String request, Credential credential, int turn) {
            this.user = user;
            this.requestId = request;
            this.credential = credential;
            this.cohort = turn;
        }
    }

    /** What somebody has who has a place. */
    public interface StreamPermit {
        /** Gives it back. Once. */
        void release();
    }

    /**
     * Answers with a stream, which is over already when there is no room for it.
     *
     * @param first frame, written with the head
     */
    public SseStream open(OperationContext operationContext, Buffer first, SseStream.Producer producer) {
        PermitReleasingProducer permitReleasingProducer = new PermitReleasingProducer(producer);
        OpenStream late = reason -> {
            if (permitReleasingProducer.stream != null) {
                permitReleasingProducer.stream.closeWithReason(reason);
            }
        };
        permitReleasingProducer.permit =
                admit(operationContext, operationContext.user(), operationContext.credential(), late);
        SseStream stream = streams.open(operationContext.request(), first, permitReleasingProducer);
        permitReleasingProducer.stream = stream;
        if (permitReleasingProducer.permit == null) {
            stream.bye("FULL", randomRetryMs());
        }
        return stream;
    }

    /** Of who finds no room: after how long to come back. */
    public int randomRetryMs() {
        return random.nextInt(MIN_RETRY_MS, MAX_RETRY_MS + 1);
    }

    /**
     * A place for a line that is about to open.
     *
     * @param user may be known only after the request
     * @param credential null where nothing had to be presented
     * @return null when there is none
     */
    public StreamPermit admit(
            OperationContext operationContext, String user, Credential credential, OpenStream openStream) {
        Context eventLoop = Vertx.currentContext();
        String address = ClientAddressKey.of(operationContext.request().remoteAddress());
        StreamLimiter.StreamSlot streamSlot = limiter.acquire(
                user, address, () -> eventLoop.runOnContext(go -> openStream.closeWithReason("TOO_MANY_STREAMS")));
        if (streamSlot == null) {
            return null;
        }
        if (credential == null) {
            return streamSlot::release;
        }
        AdmittedStream admittedStream =
                new AdmittedStream(user, operationContext.requestId(), credential, random.nextInt(cohorts));
        admittedStream.stream = openStream;
        admittedStreams.add(admittedStream);
        return () -> {
            admittedStreams.remove(admittedStream);
            streamSlot.release();
        };
    }

    /** Between a stream and its owner. */
    private static final class PermitReleasingProducer implements SseStream.Producer {
        private final SseStream.Producer delegate;
        private SseStream stream;
        private StreamPermit permit;

        private PermitReleasingProducer(SseStream.Producer producer) {
            this.delegate = producer;
        }

        @Override
        public void onDrain() {
            delegate.onDrain();
        }

        @Override
        public void onClose() {
            if (permit != null) {
                permit.release();
            }
            delegate.onClose();
        }

        @Override
        public JsonObject createPing() {
            return delegate.createPing();
        }
    }

    private void revalidateCredentials() {
        if (revalidating || admittedStreams.isEmpty()) {
            return;
        }
        revalidating = true;
        currentCohort = (currentCohort + 1) % cohorts;
        List<Credential> all = admittedStreams.stream()
                .map(admittedStream -> admittedStream.credential)
                .toList();
        List<Credential> due = admittedStreams.stream()
                .filter(admittedStream -> admittedStream.cohort == currentCohort)
                .map(admittedStream -> admittedStream.credential)
                .toList();
        Context eventLoop = Vertx.currentContext();
        revalidator
                .findExpiredOrRevoked(all)
                .onSuccess(ended -> eventLoop.runOnContext(back -> closeRevoked(ended)))
                .onFailure(error -> LOG.atDebug()
                        .addKeyValue("reason", error.getMessage())
                        .log("could not look at the rights of streams"))
                .transform(done -> revalidator.findInvalidated(due))
                .onComplete(lost -> eventLoop.runOnContext(back -> {
                    revalidating = false;
                    if (lost.succeeded()) {
                        closeRevoked(lost.result());
                    }
                }));
    }

    private void closeRevoked(Set<Credential> ended) {
        for (AdmittedStream admittedStream : List.copyOf(admittedStreams)) {
            if (ended.contains(admittedStream.credential) && admittedStreams.contains(admittedStream)) {
                LOG.atInfo()
                        .addKeyValue("user", admittedStream.user)
                        .addKeyValue("request", admittedStream.requestId)
                        .addKeyValue("credential", admittedStream.credential)
                        .log("audit: a stream was closed, since what it was opened with is good no more");
                admittedStream.stream.closeWithReason("UNAUTHORIZED");
            }
        }
    }
}
