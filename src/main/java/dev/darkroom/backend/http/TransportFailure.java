package dev.darkroom.backend.http;

import dev.darkroom.backend.Failure;
import dev.darkroom.backend.FailureClass;
import io.netty.channel.ConnectTimeoutException;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.ssl.SslHandshakeTimeoutException;
import io.vertx.core.http.HttpClosedException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.UnknownHostException;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLException;

/** Sorts what can go wrong below HTTP by the one question that counts: may the server have seen the request? */
final class TransportFailure {

    private static final Failure SLOW_CONNECT =
            notSent("CONNECT_TIMEOUT", "The AI server did not accept the connection in time.");

    private TransportFailure() {}

    /** What it means that the time is over. */
    static Failure late(boolean sent) {
        return sent
                ? Failure.of(
                        FailureClass.AMBIGUOUS,
                        Failure.TIMED_OUT,
                        "The AI server did not answer in full before the deadline.")
                : SLOW_CONNECT;
    }

    static Failure of(Throwable cause, boolean sent) {
        return (sent ? afterSending(cause) : beforeSending(cause)).withDetail(cause.toString());
    }

    private static Failure beforeSending(Throwable cause) {
        if (LocalResources.exhausted(cause)) {
            return Failure.of(
                    FailureClass.INTERNAL,
                    "OUT_OF_RESOURCES",
                    "Darkroom had no file descriptor, port or buffer left for the call.");
        }
        if (cause instanceof UnknownHostException) {
            return notSent("UNKNOWN_HOST", "The AI server's host name could not be resolved.");
        }
        if (cause instanceof ConnectTimeoutException
                || cause instanceof TimeoutException
                || cause.getCause() instanceof SslHandshakeTimeoutException) {
            return SLOW_CONNECT;
        }
        if (cause instanceof SSLException || cause.getCause() instanceof SSLException) {
            return notSent("TLS_FAILED", "No secure connection to the AI server could be made.");
        }
        if (cause instanceof ConnectException || cause instanceof NoRouteToHostException) {
            return notSent("CONNECTION_REFUSED", "The AI server could not be reached.");
        }
        return notSent("CONNECTION_FAILED", "No connection to the AI server could be made.");
    }

    private static Failure afterSending(Throwable cause) {
        if (cause instanceof HttpClosedException || cause instanceof IOException) {
            return Failure.of(
                    FailureClass.AMBIGUOUS,
                    "CONNECTION_LOST",
                    "The connection broke before the AI server had answered.");
        }
        if (cause instanceof DecoderException || cause instanceof IllegalArgumentException) {
            return Failure.of(FailureClass.AMBIGUOUS, "INVALID_HTTP", "The AI server's answer was no valid HTTP.");
        }
        return Failure.of(FailureClass.AMBIGUOUS, "NO_ANSWER", "The AI server's answer could not be received.");
    }

    private static Failure notSent(String code, String message) {
        return Failure.of(FailureClass.NOT_SENT, code, message);
    }
}
