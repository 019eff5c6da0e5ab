package dev.darkroom.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

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

class GuardedHttpClientTest {
    private static final Vertx vertx = Vertx.vertx();
    private static final WebhookReceiver webhookReceiver = new WebhookReceiver();
    private static final Duration LONG_TIMEOUT = Duration.ofSeconds(60);

    /** For calls without a response. */
    private static final Duration SHORT_TIMEOUT = Duration.ofMillis(400);

    private static final EgressPolicy.Rules LOOPBACK = new EgressPolicy.Rules(List.of("127.0.0.0/8"), true, List.of());

    /** Addresses returned by successive lookups. */
    private final Deque<String> addresses = new ArrayDeque<>();

    private Duration timeout = LONG_TIMEOUT;

    @AfterAll
    static void stop() throws Exception {
        webhookReceiver.close();
        vertx.close().toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS);
    }

    private Future<List<InetAddress>> resolve(String host) {
        try {
            return Future.succeededFuture(List.of(InetAddress.getByName(addresses.remove())));
        } catch (java.net.UnknownHostException e) {
            return Future.failedFuture(e);
        }
    }

    private OutboundResponse post(EgressPolicy.Rules rules, String url, TrustOptions trust) throws HttpCallException {
        GuardedHttpClient guardedHttpClient =
                new GuardedHttpClient(vertx, new EgressPolicy(rules, this::resolve), timeout, 65_536, trust);
        try {
            return onOneContext(() -> guardedHttpClient.post(
                            url, Map.of("webhook-id", "1"), Buffer.buffer("{}"), new HttpExchange()))
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

    private OutboundResponse post(String url) throws HttpCallException {
        return post(LOOPBACK, url, null);
    }

    private Reason failureReason(String url) {
        return catchThrowableOfType(HttpCallException.class, () -> post(url)).reason();
    }

    @Test
    void resolvesANameOnceAndSendsItAsHost() throws HttpCallException {
        addresses.add("127.0.0.1");
        assertThat(post("http://hooks.example.org:" + webhookReceiver.port() + "/named?a=b")
                        .status())
                .isEqualTo(204);
        assertThat(addresses).isEmpty();
        assertThat(webhookReceiver.receivedRequests("/named"))
                .singleElement()
                .satisfies(request -> assertThat(request.headers())
                        .containsEntry("host", "hooks.example.org:" + webhookReceiver.port()));
    }

    /** A rebinding name resolves to an allowed address when checked and to another one later. The call uses the checked address. */
    @Test
    void connectsToTheCheckedAddressDespiteDnsRebinding() {
        timeout = SHORT_TIMEOUT;
        // given a name that resolves to an allowed address first, then to the receiver
        addresses.addAll(List.of("192.0.2.1", "127.0.0.1"));
        EgressPolicy.Rules documentation = new EgressPolicy.Rules(List.of("192.0.2.0/24"), true, List.of());
        String url = "http://rebinding.example.org:" + webhookReceiver.port() + "/rebound";

        // when
        HttpCallException first = catchThrowableOfType(HttpCallException.class, () -> post(documentation, url, null));
        HttpCallException next = catchThrowableOfType(HttpCallException.class, () -> post(documentation, url, null));

        // then
        assertThat(first.reason()).isIn(Reason.TIMEOUT, Reason.CONNECTION_FAILED);
        assertThat(next.reason()).isEqualTo(Reason.ADDRESS_NOT_ALLOWED);
        assertThat(webhookReceiver.receivedRequests("/rebound")).isEmpty();
    }

    @Test
    void acceptsOnlyCertificatesOfTheHost() throws HttpCallException {
        // given
        SelfSignedCertificate certificate = SelfSignedCertificate.create("hooks.example.org");
        try (WebhookReceiver secure = new WebhookReceiver(
                new HttpServerOptions().setSsl(true).setKeyCertOptions(certificate.keyCertOptions()))) {
            TrustOptions trusting = certificate.trustOptions();
            addresses.addAll(List.of("127.0.0.1", "127.0.0.1", "127.0.0.1"));

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
    void distinguishesUnreachableAndUnresponsiveServers() {
        timeout = SHORT_TIMEOUT;
        webhookReceiver.script("/never", ResponseStep.noResponse());
        webhookReceiver.script("/close", ResponseStep.closeConnection());
        assertThat(failureReason("http://127.0.0.1:1/")).isEqualTo(Reason.CONNECTION_FAILED);
        assertThat(failureReason(webhookReceiver.url("/never"))).isEqualTo(Reason.TIMEOUT);
        assertThat(failureReason(webhookReceiver.url("/close"))).isEqualTo(Reason.NO_RESPONSE);
        try (BrokenServer noHttp = BrokenServer.sendingNoHttp()) {
            assertThat(failureReason(noHttp.url().toString())).isEqualTo(Reason.NO_RESPONSE);
        }
        try (BrokenServer silent = BrokenServer.neverResponding()) {
            assertThat(failureReason(silent.url().toString())).isEqualTo(Reason.TIMEOUT);
        }
    }

    @Test
    void completesWithTheHeadOfAnOversizedOrSlowResponse() throws HttpCallException {
        timeout = Duration.ofSeconds(5);
        webhookReceiver.script("/slow", ResponseStep.slowBody());
        webhookReceiver.script("/huge", ResponseStep.oversizedBody());
        assertThat(post(webhookReceiver.url("/slow")).status()).isEqualTo(200);
        assertThat(post(webhookReceiver.url("/huge")).status()).isEqualTo(200);
    }

    @Test
    void abortedCallFailsImmediately() {
        HttpExchange exchange = new HttpExchange();
        webhookReceiver.script("/waiting", ResponseStep.noResponse());
        GuardedHttpClient guardedHttpClient =
                new GuardedHttpClient(vertx, new EgressPolicy(LOOPBACK, this::resolve), Duration.ofMinutes(1), 65_536);
        Future<OutboundResponse> response = onOneContext(() -> {
            vertx.setTimer(50, timer -> exchange.abort());
            return guardedHttpClient.post(webhookReceiver.url("/waiting"), Map.of(), Buffer.buffer(), exchange);
        });
        assertThat(catchThrowableOfType(
                        CompletionException.class,
                        () -> response.toCompletionStage().toCompletableFuture().join()))
                .cause()
                .isInstanceOfSatisfying(
                        HttpCallException.class,
                        failed -> assertThat(failed.reason()).isEqualTo(Reason.ABORTED));
        guardedHttpClient.close();
    }
}
