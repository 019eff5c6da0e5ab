package dev.darkroom.api.stream;

import dev.darkroom.api.contract.OperationContext;
import dev.darkroom.auth.ApiKeyCache;
import dev.darkroom.auth.ClientAddressKey;
import dev.darkroom.auth.Credential;
import dev.darkroom.auth.CredentialRevalidator;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Admits streams within the limits of {@link StreamLimiter}, and revalidates their credentials while they are open. Closes streams
 * with an expired or revoked credential. Confined to the event loop of one verticle.
 */
public final class StreamAdmission {
    private static final Logger LOG = LoggerFactory.getLogger(StreamAdmission.class);

    /** Shortest reconnect delay of a rejected client: long enough for other streams to close. */
    private static final int MIN_RETRY_MS = 5_000;

    private static final int MAX_RETRY_MS = 15_000;

    /** Interval of the check for expired and revoked credentials: as long as the API key cache keeps a key. */
    private static final Duration CHECK_INTERVAL = ApiKeyCache.CACHE_TTL;

    private final StreamRegistry streams;
    private final StreamLimiter limiter;
    private final CredentialRevalidator revalidator;
    private final RandomGenerator random;

    /** Number of cohorts. Each check revalidates the tickets and tokens of one cohort only, since that is expensive. */
    private final int cohorts;

    private final Set<AdmittedStream> admittedStreams = new HashSet<>();
    private int currentCohort;
    private boolean revalidating;

    private StreamAdmission(
            StreamRegistry streams,
            StreamLimiter limiter,
            CredentialRevalidator revalidator,
            Duration revalidateInterval,
            RandomGenerator random) {
        this.streams = streams;
        this.limiter = limiter;
        this.revalidator = revalidator;
        this.cohorts = (int) Math.max(1, revalidateInterval.dividedBy(CHECK_INTERVAL));
        this.random = random;
    }

    /**
     * Starts the periodic revalidation on the event loop of the caller.
     *
     * @param revalidateInterval time after which each open stream has been fully revalidated
     */
    public static StreamAdmission start(
            Vertx vertx,
            StreamRegistry streams,
            StreamLimiter limiter,
            CredentialRevalidator revalidator,
            Duration revalidateInterval,
            RandomGenerator random) {
        StreamAdmission admission = new StreamAdmission(streams, limiter, revalidator, revalidateInterval, random);
        vertx.setPeriodic(
                Math.min(CHECK_INTERVAL.toMillis(), revalidateInterval.toMillis()),
                timer -> admission.revalidateCredentials());
        return admission;
    }

    /** A stream with a credential, which is revalidated. */
    private record AdmittedStream(
            String user, String requestId, Credential credential, int cohort, RegisteredStream stream) {}

    /**
     * Responds with an SSE stream. Closes it at once with the reason {@code AT_CAPACITY} when a limit is reached.
     *
     * @param firstFrame written together with the response head
     * @return the stream, which may be closed already
     */
    public SseStream open(
            OperationContext operationContext, StreamKind kind, Buffer firstFrame, SseStream.Producer producer) {
        SseStream stream = streams.open(operationContext.request(), firstFrame, producer);
        if (!stream.isClosed()) {
            Runnable permit =
                    admit(operationContext, kind, operationContext.user(), operationContext.credential(), stream);
            if (permit == null) {
                stream.closeWithReason("AT_CAPACITY", randomRetryMs());
            } else {
                stream.releaseOnClose(permit);
            }
        }
        return stream;
    }

    /** Returns a random reconnect delay for a rejected client, from 5,000 to 15,000 ms. */
    public int randomRetryMs() {
        return random.nextInt(MIN_RETRY_MS, MAX_RETRY_MS + 1);
    }

    /**
     * Acquires a slot for a stream.
     *
     * @param user the owner of the stream; a WebSocket client may authenticate after the request
     * @param credential null when the API requires no authentication
     * @return releases the slot, must run once; null when a limit is reached
     */
    public Runnable admit(
            OperationContext operationContext,
            StreamKind kind,
            String user,
            Credential credential,
            RegisteredStream stream) {
        Context eventLoop = Vertx.currentContext();
        String address = ClientAddressKey.of(operationContext.request().remoteAddress());
        Runnable slot = limiter.acquire(
                kind,
                user,
                address,
                () -> eventLoop.runOnContext(ignored -> stream.closeWithReason("TOO_MANY_STREAMS")));
        if (slot == null || credential == null) {
            return slot;
        }
        AdmittedStream admittedStream =
                new AdmittedStream(user, operationContext.requestId(), credential, random.nextInt(cohorts), stream);
        admittedStreams.add(admittedStream);
        return () -> {
            admittedStreams.remove(admittedStream);
            slot.run();
        };
    }

    private void revalidateCredentials() {
        if (revalidating || admittedStreams.isEmpty()) {
            return;
        }
        revalidating = true;
        currentCohort = (currentCohort + 1) % cohorts;
        List<Credential> all =
                admittedStreams.stream().map(AdmittedStream::credential).toList();
        List<Credential> due = admittedStreams.stream()
                .filter(admittedStream -> admittedStream.cohort == currentCohort)
                .map(AdmittedStream::credential)
                .toList();
        Context eventLoop = Vertx.currentContext();
        revalidator
                .findExpiredOrRevoked(all)
                .onSuccess(revoked -> eventLoop.runOnContext(ignored -> closeRevoked(revoked)))
                .onFailure(error ->
                        LOG.atDebug().addKeyValue("reason", error.getMessage()).log("credential revalidation failed"))
                .transform(done -> revalidator.findInvalidated(due))
                .onComplete(invalidated -> eventLoop.runOnContext(ignored -> {
                    revalidating = false;
                    if (invalidated.succeeded()) {
                        closeRevoked(invalidated.result());
                    }
                }));
    }

    private void closeRevoked(Set<Credential> revoked) {
        for (AdmittedStream admittedStream : List.copyOf(admittedStreams)) {
            if (revoked.contains(admittedStream.credential) && admittedStreams.contains(admittedStream)) {
                LOG.atInfo()
                        .addKeyValue("user", admittedStream.user)
                        .addKeyValue("requestId", admittedStream.requestId)
                        .addKeyValue("credential", admittedStream.credential)
                        .log("audit: stream closed, credential no longer valid");
                admittedStream.stream.closeWithReason("UNAUTHORIZED");
            }
        }
    }
}
