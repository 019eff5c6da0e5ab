package dev.darkroom.backend.http;

import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.http.HttpCallException;
import dev.darkroom.http.LocalResourceErrors;
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

/** Maps transport errors to failures, by the question whether the server may have received the request. */
final class TransportErrorClassifier {

    private static final BackendFailure CONNECT_TIMEOUT =
            notSent("CONNECT_TIMEOUT", "The AI server did not accept the connection in time.");

    private TransportErrorClassifier() {}

    /** Returns the failure for an exceeded deadline. */
    static BackendFailure deadlineExceeded(boolean sent) {
        return sent
                ? BackendFailure.of(
                        FailureClass.AMBIGUOUS,
                        BackendFailure.TIMED_OUT,
                        "The AI server did not send a complete response before the deadline.")
                : CONNECT_TIMEOUT;
    }

    static BackendFailure classify(HttpCallException failure) {
        if (failure.reason() == HttpCallException.Reason.TIMEOUT) {
            return deadlineExceeded(failure.sent());
        }
        return classify(failure.getCause() == null ? failure : failure.getCause(), failure.sent());
    }

    static BackendFailure classify(Throwable cause, boolean sent) {
        return (sent ? classifyAfterSending(cause) : classifyBeforeSending(cause)).withDetail(cause.toString());
    }

    private static BackendFailure classifyBeforeSending(Throwable cause) {
        if (LocalResourceErrors.isResourceExhausted(cause)) {
            return BackendFailure.of(
                    FailureClass.INTERNAL,
                    BackendFailure.OUT_OF_RESOURCES,
                    "Darkroom had no file descriptor, port or buffer left for the call.");
        }
        if (cause instanceof UnknownHostException) {
            return notSent("UNKNOWN_HOST", "The AI server's host name could not be resolved.");
        }
        if (cause instanceof ConnectTimeoutException
                || cause instanceof TimeoutException
                || cause.getCause() instanceof SslHandshakeTimeoutException) {
            return CONNECT_TIMEOUT;
        }
        if (cause instanceof SSLException || cause.getCause() instanceof SSLException) {
            return notSent("TLS_FAILED", "The TLS connection to the AI server failed.");
        }
        if (cause instanceof ConnectException || cause instanceof NoRouteToHostException) {
            return notSent("CONNECTION_REFUSED", "The AI server is unreachable.");
        }
        return notSent("CONNECTION_FAILED", "The connection to the AI server failed.");
    }

    private static BackendFailure classifyAfterSending(Throwable cause) {
        if (cause instanceof HttpClosedException || cause instanceof IOException) {
            return BackendFailure.of(
                    FailureClass.AMBIGUOUS,
                    "CONNECTION_LOST",
                    "The connection broke before the response of the AI server was complete.");
        }
        if (cause instanceof DecoderException || cause instanceof IllegalArgumentException) {
            return BackendFailure.of(
                    FailureClass.AMBIGUOUS, "INVALID_HTTP", "The response of the AI server is not valid HTTP.");
        }
        return BackendFailure.of(
                FailureClass.AMBIGUOUS, "NO_RESPONSE", "The response of the AI server could not be received.");
    }

    private static BackendFailure notSent(String code, String message) {
        return BackendFailure.of(FailureClass.NOT_SENT, code, message);
    }
}
