package dev.darkroom.api.transport;

import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;

/**
 * Writes the bodies of answers. Each counts among the unsent bytes of its connection until the operating system has taken it, and is
 * aborted when nothing of it is taken for {@code streams.patience}. Bodies are written in pieces, so a large answer makes progress on a
 * slow connection. For the event loop of the connection.
 */
public final class ResponseWriter {
    static final int PIECE_BYTES = 64 * 1024;

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

    /** Ends the response with a body that only this response has. */
    public static void end(HttpServerRequest request, Buffer body) {
        if (endIfHead(request, body)) {
            return;
        }
        ResponseWriter writer = new ResponseWriter(request);
        if (body.length() <= PIECE_BYTES) {
            writer.endWith(body);
            return;
        }
        // All of it stays in memory until the last piece is taken.
        int waiting = body.length() - PIECE_BYTES;
        if (writer.unsentBytes.reserve(waiting)) {
            writer.endInPieces(body).onComplete(done -> writer.unsentBytes.release(waiting));
        }
    }

    /** Ends the response with a body that many responses share: only what is under way counts. */
    public static void endShared(HttpServerRequest request, Buffer body) {
        if (!endIfHead(request, body)) {
            new ResponseWriter(request).endInPieces(body);
        }
    }

    /** HEAD gets the head that GET would get. */
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
     * Aborts a response. Other responses may share an HTTP/2 connection: it is aborted as a whole only if its peer reads nothing, resets
     * included, or if the library does not reset the response any more, because all of it waits for the peer's window.
     */
    public static void abort(HttpConnection connection, HttpServerResponse response, boolean shared) {
        if (shared && !ConnectionAborter.isWriteBlocked(connection)) {
            response.reset().onFailure(ended -> ConnectionAborter.abort(connection));
        } else {
            ConnectionAborter.abort(connection);
        }
    }

    /** Writes a piece; completes when the operating system has taken it. */
    public Future<Void> write(Buffer piece) {
        return unsentBytes.write(piece.length(), abort, () -> response.write(piece));
    }

    /** Writes the last piece, likewise. */
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
