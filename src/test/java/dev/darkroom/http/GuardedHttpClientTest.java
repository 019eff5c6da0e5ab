package dev.darkroom.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.darkroom.http.GuardedHttpClient.ResponseHead;
import dev.darkroom.http.HttpCallException.Reason;
import dev.darkroom.http.egress.EgressPolicy;
import dev.darkroom.testing.BrokenServer;
import dev.darkroom.testing.WebhookReceiver;
import dev.darkroom.testing.WebhookReceiver.ResponseStep;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.net.SelfSignedCertificate;
import io.vertx.core.net.TrustOptions;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** What a call to a stranger's server comes to. */
class GuardedHttpClientTest {
    private static final Vertx vertx = Vertx.vertx();
    private static final WebhookReceiver webhookReceiver = new WebhookReceiver();
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    /** For what never ends. */
    private static final Duration LITTLE = Duration.ofMillis(400);

    private static final EgressPolicy.Rules LOOPBACK = new EgressPolicy.Rules(List.of("127.0.0.0/8"), true, List.of());

    /** What a name means, one answer after the other. */
    private final Deque<String> answers = new ArrayDeque<>();

    private Duration patience = PATIENCE;

    @AfterAll
    static void stop() throws Exception {
        webhookReceiver.close();
        vertx.close().toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS);
    }

    private Future<List<InetAddress>> names(String host) {
        try {
            return Future.succeededFuture(List.of(InetAddress.getByName(answers.remove())));
        } catch (java.net.UnknownHostException e) {
            return Future.failedFuture(e);
        }
    }

    private ResponseHead post(EgressPolicy.Rules rules, String url, TrustOptions trust) throws HttpCallException {
        GuardedHttpClient guardedHttpClient =
                new GuardedHttpClient(vertx, new EgressPolicy(rules, this::names), patience, 65_536, trust);
        try {
            return onOneContext(() -> guardedHttpClient.post(
                            url, Map.of("webhook-id", "1"), Buffer.buffer("{}"), new AbortHandle()))
                    .toCompletionStage()
                    .toCompletableFuture()
                    .join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof HttpCallException failed) {
                throw failed;
            }
            throw e;
        } finally {
            guardedHttpClient.close();
        }
    }

    private static <T> Future<T> onOneContext(Supplier<Future<T>> work) {
        Promise<T> promise = Promise.promise();
        vertx.runOnContext(go -> work.get().onComplete(promise));
        return promise.future();
    }

    private ResponseHead post(String url) throws HttpCallException {
        return post(LOOPBACK, url, null);
    }

    private Reason failureReason(String url) {
        return catchThrowableOfType(HttpCallException.class, () -> post(url)).reason();
    }

    @Test
    void aNameIsLookedUpOnceAndCalledByItsName() throws HttpCallException {
        answers.add("127.0.0.1");
        assertThat(post("http://hooks.example.org:" + webhookReceiver.port() + "/named?a=b")
                        .status())
                .isEqualTo(204);
        assertThat(answers).isEmpty();
        assertThat(webhookReceiver.receivedRequests("/named"))
                .singleElement()
                .satisfies(one ->
                        assertThat(one.headers()).containsEntry("host", "hooks.example.org:" + webhookReceiver.port()));
    }

    /** The trick is to mean a public address when judged and a private one when called. There is one lookup, and what it said is called. */
    @Test
    void aNameThatMeansAnotherThingTheNextTimeLeadsNowhere() {
        patience = LITTLE;
        // given: public first, then the receiver
        answers.addAll(List.of("192.0.2.1", "127.0.0.1"));
        EgressPolicy.Rules documentation = new EgressPolicy.Rules(List.of("192.0.2.0/24"), true, List.of());
        String url = "http://rebinding.example.org:" + webhookReceiver.port() + "/rebound";

        // when
        HttpCallException first = catchThrowableOfType(HttpCallException.class, () -> post(documentation, url, null));
        HttpCallException next = catchThrowableOfType(HttpCallException.class, () -> post(documentation, url, null));

        // then
        assertThat(first.reason()).isIn(Reason.TIMEOUT, Reason.CONNECTION_FAILED);
        assertThat(next.reason()).isEqualTo(Reason.REFUSED_ADDRESS);
        assertThat(webhookReceiver.receivedRequests("/rebound")).isEmpty();
    }

    @Test
    void aCertificateHasToBeOfTheName() throws HttpCallException {
        // given
        SelfSignedCertificate certificate = SelfSignedCertificate.create("hooks.example.org");
        try (WebhookReceiver secure = new WebhookReceiver(
                new HttpServerOptions().setSsl(true).setKeyCertOptions(certificate.keyCertOptions()))) {
            TrustOptions trusting = certificate.trustOptions();
            answers.addAll(List.of("127.0.0.1", "127.0.0.1", "127.0.0.1"));

            // then
            assertThat(post(LOOPBACK, "https://hooks.example.org:" + secure.port() + "/", trusting)
                            .status())
                    .isEqualTo(204);
            assertThat(catchThrowableOfType(
                                    HttpCallException.class,
                                    () -> post(
                                            LOOPBACK,
                                            "https://others.example.org:" + secure.port() + "/",
                                            certificate.trustOptions()))
                            .reason())
                    .isEqualTo(Reason.TLS_FAILED);
            assertThat(failureReason("https://hooks.example.org:" + secure.port() + "/"))
                    .isEqualTo(Reason.TLS_FAILED);
        } finally {
            certificate.delete();
        }
    }

    @Test
    void whoCannotBeReachedIsToldApartFromWhoDoesNotAnswer() {
        patience = LITTLE;
        webhookReceiver.script("/never", ResponseStep.noResponse());
        webhookReceiver.script("/close", ResponseStep.closeConnection());
        assertThat(failureReason("http://127.0.0.1:1/")).isEqualTo(Reason.CONNECTION_FAILED);
        assertThat(failureReason(webhookReceiver.url("/never"))).isEqualTo(Reason.TIMEOUT);
        assertThat(failureReason(webhookReceiver.url("/close"))).isEqualTo(Reason.NO_ANSWER);
        try (BrokenServer noHttp = BrokenServer.sendingNoHttp()) {
            assertThat(failureReason(noHttp.url().toString())).isEqualTo(Reason.NO_ANSWER);
        }
        try (BrokenServer silent = BrokenServer.neverResponding()) {
            assertThat(failureReason(silent.url().toString())).isEqualTo(Reason.TIMEOUT);
        }
    }

    @Test
    void theHeadCountsHoweverLongOrSlowTheRest() throws HttpCallException {
        patience = Duration.ofSeconds(5);
        webhookReceiver.script("/slow", ResponseStep.slowBody());
        webhookReceiver.script("/huge", ResponseStep.oversizedBody());
        assertThat(post(webhookReceiver.url("/slow")).status()).isEqualTo(200);
        assertThat(post(webhookReceiver.url("/huge")).status()).isEqualTo(200);
    }

    @Test
    void whatIsBrokenOffFailsAtOnce() {
        AbortHandle handle = new AbortHandle();
        webhookReceiver.script("/waiting", ResponseStep.noResponse());
        GuardedHttpClient guardedHttpClient =
                new GuardedHttpClient(vertx, new EgressPolicy(LOOPBACK, this::names), Duration.ofMinutes(1), 65_536);
        Future<ResponseHead> answer = onOneContext(() -> {
            vertx.setTimer(50, timer -> handle.abort());
            return guardedHttpClient.post(webhookReceiver.url("/waiting"), Map.of(), Buffer.buffer(), handle);
        });
        assertThat(catchThrowableOfType(
                        CompletionException.class,
                        () -> answer.toCompletionStage().toCompletableFuture().join()))
                .cause()
                .isInstanceOfSatisfying(
                        HttpCallException.class,
                        failed -> assertThat(failed.reason()).isEqualTo(Reason.ABORTED));
        guardedHttpClient.close();
    }
}
