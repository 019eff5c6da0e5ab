package dev.darkroom.http.egress;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.http.GuardedHttpClient;
import dev.darkroom.http.HttpCallException;
import dev.darkroom.http.HttpCallException.Reason;
import dev.darkroom.http.HttpExchange;
import io.netty.resolver.dns.SingletonDnsServerAddressStreamProvider;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Distinguishes nonexistent names from unavailable name servers. */
class DnsHostResolverTest {
    private static final int SERVER_FAILURE = 2;
    private static final int NXDOMAIN = 3;
    private static final int REFUSED = 5;
    private static final int NO_RESPONSE = -1;
    private static final String URL = "https://hooks.example.org/";

    private DatagramSocket nameServer;
    private Vertx vertx;
    private volatile int responseCode;

    @BeforeEach
    void start() throws IOException {
        nameServer = new DatagramSocket(0, InetAddress.getLoopbackAddress());
        Thread thread = new Thread(this::serve, "name-server");
        thread.setDaemon(true);
        thread.start();
        vertx = Vertx.vertx();
    }

    @AfterEach
    void stop() throws Exception {
        nameServer.close();
        vertx.close().await(60, TimeUnit.SECONDS);
    }

    /** Responds to each query with a response code and without records. */
    private void serve() {
        byte[] buffer = new byte[1500];
        try {
            while (true) {
                DatagramPacket packet = new DatagramPacket(buffer, buffer.length);
                nameServer.receive(packet);
                if (responseCode == NO_RESPONSE) {
                    continue;
                }
                int end = 12;
                while (buffer[end] != 0) {
                    end += buffer[end] + 1;
                }
                byte[] response = Arrays.copyOf(buffer, end + 5);
                response[2] = (byte) 0x81;
                response[3] = (byte) (0x80 | responseCode);
                Arrays.fill(response, 6, 12, (byte) 0);
                nameServer.send(new DatagramPacket(response, response.length, packet.getSocketAddress()));
            }
        } catch (IOException e) {
            // The test closed the socket.
        }
    }

    private DnsHostResolver resolver() {
        return resolver(Duration.ofMillis(500));
    }

    private DnsHostResolver resolver(Duration queryTimeout) {
        InetSocketAddress address = new InetSocketAddress(nameServer.getLocalAddress(), nameServer.getLocalPort());
        return new DnsHostResolver(vertx, false, new SingletonDnsServerAddressStreamProvider(address), queryTimeout);
    }

    private Throwable failure(Future<?> future) throws Exception {
        return future.<Throwable>map(success -> null).otherwise(error -> error).await(60, TimeUnit.SECONDS);
    }

    private Throwable lookup(int code) throws Exception {
        responseCode = code;
        return failure(resolver().resolve("n" + code + ".example.org"));
    }

    @Test
    void nonexistentNameIsAnUnknownHost() throws Exception {
        assertThat(lookup(NXDOMAIN)).isInstanceOf(UnknownHostException.class);
    }

    @Test
    void unavailableNameServerIsNoUnknownHost() throws Exception {
        for (int code : new int[] {SERVER_FAILURE, REFUSED, NO_RESPONSE}) {
            assertThat(lookup(code)).as("code %d", code).isNotInstanceOf(UnknownHostException.class);
        }
    }

    @Test
    void timesOutOnTheEventLoopOfTheCaller() throws Exception {
        // given a query that lasts longer than the lookup may take
        responseCode = NO_RESPONSE;
        DnsHostResolver dnsHostResolver = resolver(Duration.ofSeconds(60));
        Promise<Boolean> onEventLoop = Promise.promise();

        // when
        Context eventLoop = vertx.getOrCreateContext();
        eventLoop.runOnContext(v -> dnsHostResolver
                .resolve("slow.example.org")
                .onComplete(done -> onEventLoop.complete(done.failed() && Vertx.currentContext() == eventLoop)));

        // then
        assertThat(onEventLoop.future().await(60, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void readsTheHostsFile() throws Exception {
        responseCode = NXDOMAIN;
        assertThat(resolver().resolve("localhost").await(60, TimeUnit.SECONDS))
                .isNotEmpty()
                .allMatch(InetAddress::isLoopbackAddress);
    }

    @Test
    void outageIsALookupFailure() throws Exception {
        EgressPolicy egressPolicy =
                new EgressPolicy(new EgressPolicy.Rules(List.of(), false, List.of(443)), resolver());
        GuardedHttpClient guardedHttpClient =
                new GuardedHttpClient(vertx, egressPolicy, Duration.ofSeconds(20), 65_536);
        responseCode = NO_RESPONSE;

        assertThat(failure(egressPolicy.check(URL))).isInstanceOf(HostLookupException.class);
        assertThat(failure(guardedHttpClient.post(URL, Map.of(), Buffer.buffer(), new HttpExchange())))
                .isInstanceOfSatisfying(
                        HttpCallException.class,
                        failed -> assertThat(failed.reason()).isEqualTo(Reason.DNS_LOOKUP_FAILED));
        guardedHttpClient.close().await(60, TimeUnit.SECONDS);
    }
}
