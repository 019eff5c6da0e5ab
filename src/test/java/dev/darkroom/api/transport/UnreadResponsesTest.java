package dev.darkroom.api.transport;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Peers that request responses and do not read them, over real sockets and every protocol. */
@Timeout(240)
class UnreadResponsesTest extends UnreadResponseFixture {
    private static final int RESPONSE_BYTES = 200 * 1024;
    private static final Buffer BODY = Buffer.buffer("x".repeat(RESPONSE_BYTES));

    @Test
    void http1ResponsesStayWithinTheBudget() throws Exception {
        // given
        createServerState(NO_STALL_TIMEOUT);
        int port = serve(request -> ResponseWriter.end(request, BODY));

        // when
        for (int i = 0; i < 30; i++) {
            sendRequest(port, "");
        }

        // then
        awaitRequests(30);
        // Half of the budget is for anonymous connections: two responses fit, and a partly sent third one.
        awaitOpen(3);
        assertBudgetKeptAndReleased();
    }

    @Test
    void http2ResponsesOfOneConnectionStayWithinTheBudget() throws Exception {
        // given
        createServerState(NO_STALL_TIMEOUT);
        int port = serve(request -> ResponseWriter.end(request, BODY));
        Socket socket = connect(port);

        // when
        send(socket, RawHttp2Frames.preface(0));
        for (int i = 0; i < 30; i++) {
            try {
                send(socket, RawHttp2Frames.get(1 + 2 * i));
            } catch (IOException aborted) {
                break;
            }
        }

        // then
        awaitRequests(3);
        awaitOpen(0);
        assertBudgetKeptAndReleased();
    }

    @Test
    void resetsOnlyTheUnreadHttp2Stream() throws Exception {
        // given
        createServerState(Duration.ofSeconds(1));
        int port = serve(request -> ResponseWriter.end(request, Buffer.buffer("a response")));
        Socket socket = connect(port);

        // when
        send(socket, RawHttp2Frames.preface(0));
        send(socket, RawHttp2Frames.get(1));

        // then
        RawHttp2Frames frames = new RawHttp2Frames(socket);
        frames.await(RawHttp2Frames.RST_STREAM, 1);
        assertThat(openConnections()).isEqualTo(1);
        send(socket, RawHttp2Frames.windowUpdate(3, 1_000, RawHttp2Frames.get(3)));
        frames.await(RawHttp2Frames.DATA, 3);
        awaitAllBytesReleased();
    }

    @Test
    void abortsConnectionWithUnreadResponse() throws Exception {
        // given
        createServerState(Duration.ofSeconds(1));
        int port = serve(request -> ResponseWriter.end(request, BODY));

        // when
        sendRequest(port, "");

        // then
        awaitRequests(1);
        awaitOpen(0);
        assertBudgetKeptAndReleased();
    }

    @Test
    void chargesOnePiecePerResponseForSharedBody() throws Exception {
        // given
        createServerState(NO_STALL_TIMEOUT);
        int port = serve(request -> ResponseWriter.endShared(request, BODY));

        // when
        for (int i = 0; i < 6; i++) {
            sendRequest(port, "");
        }

        // then
        awaitRequests(6);
        assertThat(openConnections()).isEqualTo(6);
        assertThat(maxUsed.get()).isLessThanOrEqualTo(6L * (ResponseWriter.PIECE_BYTES + BUFFER_BYTES));
        assertBudgetKeptAndReleased();
    }

    @Test
    void sendsLargeResponseCompletely() throws Exception {
        // given
        createServerState(NO_STALL_TIMEOUT);
        int port = serve(request -> ResponseWriter.end(request, BODY));

        // when
        Socket socket = sendRequest(port, "Connection: close\r\n");

        // then
        byte[] response = socket.getInputStream().readAllBytes();
        String head = new String(response, 0, response.length - RESPONSE_BYTES, StandardCharsets.US_ASCII);
        assertThat(head).startsWith("HTTP/1.1 200 ").containsIgnoringCase("content-length: " + RESPONSE_BYTES + "\r\n");
        assertThat(new String(response, response.length - RESPONSE_BYTES, RESPONSE_BYTES, StandardCharsets.US_ASCII))
                .isEqualTo(BODY.toString());
        awaitAllBytesReleased();
    }

    @Test
    void anonymousConnectionsDoNotAbortIdentifiedOnes() throws Exception {
        // given
        createServerState(NO_STALL_TIMEOUT);
        int port = serve(request -> {
            if (request.getHeader("Authorization") != null) {
                UnsentByteTracker.of(request.connection()).identify("alice");
            }
            ResponseWriter.end(request, BODY);
        });
        Socket alice = sendRequest(port, "Authorization: alice\r\nConnection: close\r\n");
        awaitRequests(1);

        // when
        for (int i = 0; i < 30; i++) {
            sendRequest(port, "");
        }
        awaitRequests(31);

        // then
        assertThat(alice.getInputStream().readAllBytes().length).isGreaterThan(RESPONSE_BYTES);
        assertBudgetKeptAndReleased();
    }

    @Test
    void abortsConnectionsOfTheLargestOwner() throws Exception {
        // given
        createServerState(NO_STALL_TIMEOUT);
        int port = serve(request -> {
            UnsentByteTracker.of(request.connection()).identify(request.getHeader("Authorization"));
            ResponseWriter.end(request, BODY);
        });
        Socket alice = sendRequest(port, "Authorization: alice\r\nConnection: close\r\n");
        awaitRequests(1);

        // when
        for (int i = 0; i < 20; i++) {
            sendRequest(port, "Authorization: mallory\r\n");
        }
        awaitRequests(21);

        // then
        assertThat(alice.getInputStream().readAllBytes().length).isGreaterThan(RESPONSE_BYTES);
        assertBudgetKeptAndReleased();
    }
}
