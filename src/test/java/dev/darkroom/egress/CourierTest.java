package dev.darkroom.egress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.darkroom.egress.CallFailedException.Why;
import dev.darkroom.egress.Courier.Answer;
import dev.darkroom.testing.BrokenServer;
import dev.darkroom.testing.Receiver;
import dev.darkroom.testing.Receiver.Step;
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
class CourierTest {
    private static final Vertx vertx = Vertx.vertx();
    private static final Receiver receiver = new Receiver();
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    /** For what never ends. */
    private static final Duration LITTLE = Duration.ofMillis(400);

    private static final Egress.Rules LOOPBACK = new Egress.Rules(List.of("127.0.0.0/8"), true, List.of());

    /** What a name means, one answer after the other. */
    private final Deque<String> answers = new ArrayDeque<>();

    private Duration patience = PATIENCE;

    @AfterAll
    static void stop() throws Exception {
        receiver.close();
        vertx.close().toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS);
    }

    private Future<List<InetAddress>> names(String host) {
        try {
            return Future.succeededFuture(List.of(InetAddress.getByName(answers.remove())));
        } catch (java.net.UnknownHostException e) {
            return Future.failedFuture(e);
        }
    }

    private Answer post(Egress.Rules rules, String url, TrustOptions trust) throws CallFailedException {
        Courier courier = new Courier(vertx, new Egress(rules, this::names), patience, 65_536, trust);
        try {
            return onOneContext(
                            () -> courier.post(url, Map.of("webhook-id", "1"), Buffer.buffer("{}"), new CallHandle()))
                    .toCompletionStage()
                    .toCompletableFuture()
                    .join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof CallFailedException failed) {
                throw failed;
            }
            throw e;
        } finally {
            courier.close();
        }
    }

    private static <T> Future<T> onOneContext(Supplier<Future<T>> work) {
        Promise<T> promise = Promise.promise();
        vertx.runOnContext(go -> work.get().onComplete(promise));
        return promise.future();
    }

    private Answer post(String url) throws CallFailedException {
        return post(LOOPBACK, url, null);
    }

    private Why why(String url) {
        return catchThrowableOfType(CallFailedException.class, () -> post(url)).why();
    }

    @Test
    void aNameIsLookedUpOnceAndCalledByItsName() throws CallFailedException {
        answers.add("127.0.0.1");
        assertThat(post("http://hooks.example.org:" + receiver.port() + "/named?a=b")
                        .status())
                .isEqualTo(204);
        assertThat(answers).isEmpty();
        assertThat(receiver.received("/named"))
                .singleElement()
                .satisfies(
                        one -> assertThat(one.headers()).containsEntry("host", "hooks.example.org:" + receiver.port()));
    }

    /** The trick is to mean a public address when judged and a private one when called. There is one lookup, and what it said is called. */
    @Test
    void aNameThatMeansAnotherThingTheNextTimeLeadsNowhere() {
        patience = LITTLE;
        // given: public first, then the receiver
        answers.addAll(List.of("192.0.2.1", "127.0.0.1"));
        Egress.Rules documentation = new Egress.Rules(List.of("192.0.2.0/24"), true, List.of());
        String url = "http://rebinding.example.org:" + receiver.port() + "/rebound";

        // when
        CallFailedException first =
                catchThrowableOfType(CallFailedException.class, () -> post(documentation, url, null));
        CallFailedException next =
                catchThrowableOfType(CallFailedException.class, () -> post(documentation, url, null));

        // then
        assertThat(first.why()).isIn(Why.TIMEOUT, Why.CONNECTION_FAILED);
        assertThat(next.why()).isEqualTo(Why.REFUSED_ADDRESS);
        assertThat(receiver.received("/rebound")).isEmpty();
    }

    @Test
    void aCertificateHasToBeOfTheName() throws CallFailedException {
        // given
        SelfSignedCertificate certificate = SelfSignedCertificate.create("hooks.example.org");
        try (Receiver secure =
                new Receiver(new HttpServerOptions().setSsl(true).setKeyCertOptions(certificate.keyCertOptions()))) {
            TrustOptions trusting = certificate.trustOptions();
            answers.addAll(List.of("127.0.0.1", "127.0.0.1", "127.0.0.1"));

            // then
            assertThat(post(LOOPBACK, "https://hooks.example.org:" + secure.port() + "/", trusting)
                            .status())
                    .isEqualTo(204);
            assertThat(catchThrowableOfType(
                                    CallFailedException.class,
                                    () -> post(
                                            LOOPBACK,
                                            "https://others.example.org:" + secure.port() + "/",
                                            certificate.trustOptions()))
                            .why())
                    .isEqualTo(Why.TLS_FAILED);
            assertThat(why("https://hooks.example.org:" + secure.port() + "/")).isEqualTo(Why.TLS_FAILED);
        } finally {
            certificate.delete();
        }
    }

    @Test
    void whoCannotBeReachedIsToldApartFromWhoDoesNotAnswer() {
        patience = LITTLE;
        receiver.script("/never", Step.never());
        receiver.script("/close", Step.close());
        assertThat(why("http://127.0.0.1:1/")).isEqualTo(Why.CONNECTION_FAILED);
        assertThat(why(receiver.url("/never"))).isEqualTo(Why.TIMEOUT);
        assertThat(why(receiver.url("/close"))).isEqualTo(Why.NO_ANSWER);
        try (BrokenServer noHttp = BrokenServer.noHttp()) {
            assertThat(why(noHttp.url().toString())).isEqualTo(Why.NO_ANSWER);
        }
        try (BrokenServer silent = BrokenServer.silent()) {
            assertThat(why(silent.url().toString())).isEqualTo(Why.TIMEOUT);
        }
    }

    @Test
    void theHeadCountsHoweverLongOrSlowTheRest() throws CallFailedException {
        patience = Duration.ofSeconds(5);
        receiver.script("/slow", Step.slowBody());
        receiver.script("/huge", Step.huge());
        assertThat(post(receiver.url("/slow")).status()).isEqualTo(200);
        assertThat(post(receiver.url("/huge")).status()).isEqualTo(200);
    }

    @Test
    void whatIsBrokenOffFailsAtOnce() {
        CallHandle handle = new CallHandle();
        receiver.script("/waiting", Step.never());
        Courier courier = new Courier(vertx, new Egress(LOOPBACK, this::names), Duration.ofMinutes(1), 65_536);
        Future<Answer> answer = onOneContext(() -> {
            vertx.setTimer(50, timer -> handle.abort());
            return courier.post(receiver.url("/waiting"), Map.of(), Buffer.buffer(), handle);
        });
        assertThat(catchThrowableOfType(
                        CompletionException.class,
                        () -> answer.toCompletionStage().toCompletableFuture().join()))
                .cause()
                .isInstanceOfSatisfying(
                        CallFailedException.class,
                        failed -> assertThat(failed.why()).isEqualTo(Why.ABORTED));
        courier.close();
    }
}
