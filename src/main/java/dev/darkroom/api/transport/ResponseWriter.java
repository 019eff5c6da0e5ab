package dev.darkroom.api.transport;

import dev.darkroom.netty.NettyChannels;
import io.vertx.core.Future;
import io.vertx.core.VertxException;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;

/**
 * Writes response bodies. A body counts as unsent bytes of its connection until the operating system has taken it. A response without
 * progress for {@code streams.slowConsumerTimeout} is aborted. Bodies are written in pieces, so a large response makes progress on a slow connection.
 * For the event loop of the connection.
 */
public final class ResponseWriter {
    /** Size of the pieces of a large body. */
    public static final int PIECE_BYTES = 64 * 1024;

    private final HttpServerResponse response;
    private final UnsentByteTracker unsentBytes;
    private final Runnable abort;

    public ResponseWriter(HttpServerRequest request) {
        this(request.connection(), request.response(), request.version());
    }

    private ResponseWriter(HttpConnection connection, HttpServerResponse response, HttpVersion version) {
        this.response = response;
        this.unsentBytes = UnsentByteTracker.of(connection);
        boolean shared = version == HttpVersion.HTTP_2;
        this.abort = () -> abort(connection, response, shared);
    }

    /** Ends the response with a body that no other response uses. */
    public static void end(HttpServerRequest request, Buffer body) {
        if (endIfHead(request, body)) {
            return;
        }
        ResponseWriter writer = new ResponseWriter(request);
        if (body.length() <= PIECE_BYTES) {
            writer.endWith(body);
            return;
        }
        // The whole body stays in memory until the last piece is sent.
        int remaining = body.length() - PIECE_BYTES;
        if (writer.unsentBytes.reserve(remaining)) {
            writer.endInPieces(body).onComplete(done -> writer.unsentBytes.release(remaining));
        }
    }

    /** Ends the response with a body that many responses share. Only the piece that is being sent counts. */
    public static void endShared(HttpServerRequest request, Buffer body) {
        if (!endIfHead(request, body)) {
            new ResponseWriter(request).endInPieces(body);
        }
    }

    /** Sends the headers of the GET response when the request is a HEAD; returns false for other methods. */
    private static boolean endIfHead(HttpServerRequest request, Buffer body) {
        if (!HttpMethod.HEAD.equals(request.method())) {
            return false;
        }
        request.response()
                .putHeader(HttpHeaders.CONTENT_LENGTH, String.valueOf(body.length()))
                .end();
        return true;
    }

    /**
     * Aborts a response. Over HTTP/2 resets only its stream, because other responses share the connection. Aborts the connection if its
     * peer does not read resets either, or if Vert.x cannot reset the stream because the whole response waits for the peer's window.
     *
     * @param shared whether other responses may share the connection
     */
    public static void abort(HttpConnection connection, HttpServerResponse response, boolean shared) {
        if (shared && NettyChannels.of(connection).isWritable()) {
            response.reset().onFailure(ended -> NettyChannels.abort(connection));
        } else {
            NettyChannels.abort(connection);
        }
    }

    /** Returns whether a write failed because the connection broke. Such a failure is a checked exception or an exception of Vert.x. */
    public static boolean isConnectionError(Throwable failure) {
        return !(failure instanceof RuntimeException) || failure instanceof VertxException;
    }

    /** Writes a piece. Completes when the operating system has taken it. */
    public Future<Void> write(Buffer piece) {
        return unsentBytes.write(piece.length(), abort, () -> response.write(piece));
    }

    /** Writes the last piece and ends the response. Completes when the operating system has taken the piece. */
    public Future<Void> endWith(Buffer piece) {
        return unsentBytes.write(piece.length(), abort, () -> response.end(piece));
    }

    private Future<Void> endInPieces(Buffer body) {
        response.putHeader(HttpHeaders.CONTENT_LENGTH, String.valueOf(body.length()));
        return endFrom(body, 0);
    }

    private Future<Void> endFrom(Buffer body, int from) {
        int to = Math.min(body.length(), from + PIECE_BYTES);
        Buffer piece = body.slice(from, to);
        return to == body.length() ? endWith(piece) : write(piece).compose(taken -> endFrom(body, to));
    }
}
