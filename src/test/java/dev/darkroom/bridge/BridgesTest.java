package dev.darkroom.bridge;

import static dev.darkroom.bridge.BridgeFixture.COMMANDS;
import static dev.darkroom.bridge.BridgeFixture.EVENTS;
import static dev.darkroom.bridge.BridgeFixture.OTHERS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.access.Allowance;
import dev.darkroom.access.FailedLoginLimiter;
import dev.darkroom.testing.SockJsClient;
import dev.darkroom.testing.TcpBridgeClient;
import io.github.bucket4j.TimeMeter;
import io.vertx.core.json.JsonObject;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Who listens by a bridge hears what they may, and only listens. */
@Timeout(60)
class BridgesTest {

    private static int number(JsonObject frame) {
        return frame.getJsonObject("body").getInteger("number");
    }

    @Test
    void aUserHearsWhatNamesThemAndAnAdminHearsEverything() throws Exception {
        try (BridgeFixture bridge = BridgeFixture.open(true);
                TcpBridgeClient alice = new TcpBridgeClient(bridge.tcpPort).listen(EVENTS, "alice");
                SockJsClient mallory =
                        SockJsClient.withKey(bridge.api, "mallory").listen(EVENTS);
                SockJsClient root = SockJsClient.withKey(bridge.api, "root").listen(EVENTS)) {
            // when
            bridge.publish(EVENTS, "alice", 1);
            bridge.publish(EVENTS, null, 2);
            bridge.publish(EVENTS, "mallory", 3);
            bridge.publish(EVENTS, "alice", 4);

            // then
            assertThat(number(alice.next())).isEqualTo(1);
            assertThat(number(alice.next())).isEqualTo(4);
            assertThat(number(mallory.next())).isEqualTo(3);
            assertThat(number(root.next())).isEqualTo(1);
            assertThat(number(root.next())).isEqualTo(2);
            assertThat(number(root.next())).isEqualTo(3);
        }
    }

    @Test
    void whereNobodyIsAskedWhoTheyAreTheyHearOfTheLocalUserAndOfNobody() throws Exception {
        try (BridgeFixture bridge = BridgeFixture.open(false);
                TcpBridgeClient tcp = new TcpBridgeClient(bridge.tcpPort).listen(EVENTS, null);
                SockJsClient sockJs = SockJsClient.connect(bridge.api, Map.of()).listen(EVENTS)) {
            // when
            bridge.publish(EVENTS, "alice", 1);
            bridge.publish(EVENTS, "local", 2);
            bridge.publish(EVENTS, null, 3);

            // then
            assertThat(number(tcp.next())).isEqualTo(2);
            assertThat(number(tcp.next())).isEqualTo(3);
            assertThat(number(sockJs.next())).isEqualTo(2);
            assertThat(number(sockJs.next())).isEqualTo(3);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "send, " + COMMANDS,
        "publish, " + COMMANDS,
        "send, " + EVENTS,
        "publish, " + EVENTS,
        "register, " + COMMANDS,
        "register, darkroom.generation.wake",
        "unregister, " + COMMANDS
    })
    void nothingReachesTheBusAndNothingElseIsListenedTo(String type, String address) throws Exception {
        try (BridgeFixture bridge = BridgeFixture.open(false);
                TcpBridgeClient tcp = new TcpBridgeClient(bridge.tcpPort);
                SockJsClient sockJs = SockJsClient.connect(bridge.api, Map.of())) {
            // given
            AtomicInteger arrived = new AtomicInteger();
            bridge.vertx.eventBus().localConsumer(address, message -> arrived.incrementAndGet());
            JsonObject frame = new JsonObject()
                    .put("type", type)
                    .put("address", address)
                    .put("replyAddress", "5ac9fbb1-1d3c-4d15-9c9f-c65a3c5e3f10")
                    .put("headers", new JsonObject().put("action", "create").put("version", "1"))
                    .put("body", new JsonObject().put("user", "alice"));

            // when
            tcp.send(frame);
            sockJs.send(frame);

            // then
            assertThat(tcp.next().getString("message")).isEqualTo("access_denied");
            assertThat(sockJs.next().getString("body")).isEqualTo("access_denied");
            tcp.pinged();
            assertThat(arrived).hasValue(0);
        }
    }

    @Test
    void givesNoMoreVerdictsOnCredentialsThanAreAllowedToBeWrong() throws Exception {
        Allowance failures = new Allowance(5, 5, Duration.ofHours(1), TimeMeter.SYSTEM_NANOTIME);
        List<TcpBridgeClient> guessers = new ArrayList<>();
        try (BridgeFixture bridge =
                new BridgeFixture(true, 30, Duration.ofMinutes(1), FailedLoginLimiter.of(failures))) {
            // when
            for (int i = 0; i < 20; i++) {
                TcpBridgeClient guesser = new TcpBridgeClient(bridge.tcpPort);
                guessers.add(guesser);
                guesser.send(new JsonObject()
                        .put("type", "register")
                        .put("address", EVENTS)
                        .put("headers", new JsonObject().put("Authorization", "Bearer guess-" + i)));
            }

            // then
            List<String> codes = new ArrayList<>();
            for (TcpBridgeClient guesser : guessers) {
                codes.add(guesser.next().getString("message"));
            }
            assertThat(codes).filteredOn("auth_error"::equals).hasSize(5);
            assertThat(codes).filteredOn("too_many_failures"::equals).hasSize(15);
        } finally {
            guessers.forEach(TcpBridgeClient::close);
        }
    }

    @Test
    void whoPresentsNothingHearsNothingAndWhoPresentsRubbishIsSentAway() throws Exception {
        try (BridgeFixture bridge = BridgeFixture.open(true);
                TcpBridgeClient tcp = new TcpBridgeClient(bridge.tcpPort)) {
            // when
            tcp.send(new JsonObject().put("type", "register").put("address", EVENTS));

            // then
            assertThat(tcp.next().getString("message")).isEqualTo("not_logged_in");
            bridge.publish(EVENTS, "alice", 1);
            tcp.pinged();

            // when
            tcp.send(new JsonObject()
                    .put("type", "register")
                    .put("address", EVENTS)
                    .put("headers", new JsonObject().put("Authorization", "Bearer of nothing")));

            // then
            assertThat(tcp.next().getString("message")).isEqualTo("auth_error");
            assertThat(tcp.isClosed()).isTrue();
        }
    }

    @Test
    void whoseCredentialIsNoLongerGoodIsSentAway() throws Exception {
        try (BridgeFixture bridge = new BridgeFixture(true, 10, Duration.ofMillis(400));
                TcpBridgeClient tcp = new TcpBridgeClient(bridge.tcpPort).listen(EVENTS, "alice");
                SockJsClient sockJs = SockJsClient.withKey(bridge.api, "alice").listen(EVENTS)) {
            // when
            bridge.known.remove("Bearer alice");

            // then
            assertThat(tcp.isClosed()).isTrue();
            assertThat(sockJs.isClosed()).isTrue();
        }
    }

    @Test
    void whoSaysNothingIsTakenForGoneAndLeavesRoom() throws Exception {
        try (BridgeFixture bridge = new BridgeFixture(false, 1, Duration.ofMillis(200))) {
            try (TcpBridgeClient silent = new TcpBridgeClient(bridge.tcpPort)) {
                assertThat(silent.isClosed()).isTrue();
            }
            try (SockJsClient silent = SockJsClient.connect(bridge.api, Map.of())) {
                assertThat(silent.isClosed()).isTrue();
            }
        }
    }

    @Test
    void aPeerThatTalksWithoutRegisteringLeavesRoom() throws Exception {
        try (BridgeFixture bridge = new BridgeFixture(true, 1, Duration.ofMillis(400));
                TcpBridgeClient talker = new TcpBridgeClient(bridge.tcpPort)) {
            Awaitility.await("the end of a connection")
                    .atMost(Duration.ofSeconds(30))
                    .until(() -> {
                        try {
                            talker.send(new JsonObject().put("type", "ping"));
                            return false;
                        } catch (UncheckedIOException closed) {
                            return true;
                        }
                    });
        }
    }

    @Test
    void whoListensIsSentAwayWhenTheProcessStopsAndNobodyIsLetInAnyMore() throws Exception {
        try (BridgeFixture bridge = BridgeFixture.open(false);
                TcpBridgeClient tcp = new TcpBridgeClient(bridge.tcpPort).listen(EVENTS, null);
                SockJsClient sockJs = SockJsClient.connect(bridge.api, Map.of()).listen(EVENTS)) {
            // when
            bridge.bridges.close();

            // then
            assertThat(tcp.isClosed()).isTrue();
            assertThat(sockJs.isClosed()).isTrue();
            try (TcpBridgeClient late = new TcpBridgeClient(bridge.tcpPort)) {
                assertThat(late.isClosed()).isTrue();
            }
        }
    }

    @Test
    void thereIsRoomForSoManyAndForAnotherWhenOneHasLeft() throws Exception {
        try (BridgeFixture bridge = new BridgeFixture(false, 2, Duration.ofMinutes(1));
                SockJsClient first = SockJsClient.connect(bridge.api, Map.of()).listen(EVENTS)) {
            try (TcpBridgeClient second = new TcpBridgeClient(bridge.tcpPort).pinged();
                    TcpBridgeClient third = new TcpBridgeClient(bridge.tcpPort);
                    SockJsClient fourth = SockJsClient.connect(bridge.api, Map.of())) {
                assertThat(third.isClosed()).isTrue();
                assertThat(fourth.isClosed()).isTrue();
                second.pinged();
            }
            Awaitility.await().atMost(Duration.ofSeconds(60)).ignoreExceptions().until(() -> {
                try (TcpBridgeClient another = new TcpBridgeClient(bridge.tcpPort)) {
                    another.pinged();
                    return true;
                }
            });
            bridge.publish(EVENTS, "local", 1);
            assertThat(number(first.next())).isEqualTo(1);
        }
    }

    @Test
    void whoDoesNotReadIsCutOffAndTheOthersHearEverything() throws Exception {
        try (BridgeFixture bridge = new BridgeFixture(false, 2, Duration.ofMinutes(1));
                TcpBridgeClient deaf = new TcpBridgeClient(bridge.tcpPort).listen(EVENTS, null);
                TcpBridgeClient other = new TcpBridgeClient(bridge.tcpPort).listen(OTHERS, null)) {
            // when: far more than its socket and what is kept for it can hold
            JsonObject event = new JsonObject().put("user", "local").put("long", "x".repeat(50_000));
            for (int i = 0; i < 400; i++) {
                bridge.vertx.eventBus().publish(EVENTS, event);
            }
            bridge.publish(OTHERS, null, 7);

            // then
            assertThat(number(other.next())).isEqualTo(7);
            assertThat(deaf.isClosed()).isTrue();
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "no JSON | invalid_json",
                "[1] | invalid_json",
                "null | invalid_json",
                "{} | missing_type",
                "{\"type\": 7} | missing_type",
                "{\"type\": \"register\"} | missing_address",
                "{\"type\": \"register\", \"address\": {}} | missing_address",
                "{\"type\": \"register\", \"address\": \"darkroom.nothing.events\"} | access_denied",
                "{\"type\": \"unregister\", \"address\": \"darkroom.generation.events\"} | unknown_address",
                "{\"type\": \"dance\", \"address\": \"darkroom.generation.events\"} | invalid_type"
            })
    void whatIsNoFrameIsComplainedAboutAndDoesNoHarm(String text, String complaint) throws Exception {
        try (BridgeFixture bridge = BridgeFixture.open(false);
                TcpBridgeClient tcp = new TcpBridgeClient(bridge.tcpPort);
                SockJsClient sockJs = SockJsClient.connect(bridge.api, Map.of())) {
            // when
            tcp.send(text);
            sockJs.send(text);

            // then
            assertThat(tcp.next().getString("message")).isEqualTo(complaint);
            assertThat(sockJs.next().getString("body")).isEqualTo(complaint);
            tcp.pinged();
            sockJs.listen(EVENTS);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, Session.LONGEST_FRAME + 1, Integer.MAX_VALUE, Integer.MIN_VALUE})
    void nothingIsReadOfAFrameThatIsTooLong(int length) throws Exception {
        try (BridgeFixture bridge = BridgeFixture.open(false);
                TcpBridgeClient tcp = new TcpBridgeClient(bridge.tcpPort)) {
            // when
            tcp.sendBytes(length, "{}".getBytes(StandardCharsets.UTF_8));

            // then
            assertThat(tcp.isClosed()).isTrue();
        }
    }

    @Test
    void aFrameMayComeInPiecesAndSeveralAtOnce() throws Exception {
        try (BridgeFixture bridge = BridgeFixture.open(false);
                TcpBridgeClient tcp = new TcpBridgeClient(bridge.tcpPort)) {
            // given two frames in one write, the second of them cut
            byte[] ping = new JsonObject().put("type", "ping").encode().getBytes(StandardCharsets.UTF_8);
            byte[] both = new byte[ping.length + 4 + 5];
            System.arraycopy(ping, 0, both, 0, ping.length);
            both[ping.length + 3] = (byte) ping.length;
            System.arraycopy(ping, 0, both, ping.length + 4, 5);

            // when
            tcp.sendBytes(ping.length, both);

            // then
            assertThat(tcp.next().getString("type")).isEqualTo("pong");
            tcp.sendRest(ping, 5);
            assertThat(tcp.next().getString("type")).isEqualTo("pong");
        }
    }
}
