package dev.darkroom.backend.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.http.LocalResourceErrors;
import io.netty.channel.ChannelException;
import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@DisplayName("An exhausted file descriptor, port or buffer is an internal failure, not a failure of the AI server")
class LocalResourceErrorsTest {

    static Stream<Throwable> exhausted() {
        UnknownHostException dns = new UnknownHostException("ai.example.org");
        dns.initCause(new ChannelException("Failed to open a socket.", new SocketException("Too many open files")));
        return Stream.of(
                new ChannelException(
                        "Unable to create Channel from class class io.netty.channel.socket.nio.NioSocketChannel",
                        new ChannelException("Failed to open a socket.", new SocketException("Too many open files"))),
                new IOException("Too many open files in system"),
                new BindException("Cannot assign requested address"),
                new SocketException("No buffer space available (maximum connections reached?)"),
                dns);
    }

    @ParameterizedTest
    @MethodSource("exhausted")
    void classifiesExhaustedResourcesAsInternal(Throwable cause) {
        BackendFailure backendFailure = TransportErrorClassifier.classify(cause, false);
        assertThat(backendFailure.failureClass()).isEqualTo(FailureClass.INTERNAL);
        assertThat(backendFailure.code()).isEqualTo("OUT_OF_RESOURCES");
        assertThat(backendFailure.countsForBreaker()).isFalse();
    }

    @Test
    void classifiesRefusedConnectionAsNotSent() {
        BackendFailure backendFailure =
                TransportErrorClassifier.classify(new ConnectException("Connection refused"), false);
        assertThat(backendFailure.failureClass()).isEqualTo(FailureClass.NOT_SENT);
    }

    @Test
    void stopsAtCyclicCauses() {
        IOException first = new IOException("one");
        IOException second = new IOException("two", first);
        first.initCause(second);
        assertThat(LocalResourceErrors.isResourceExhausted(first)).isFalse();
    }
}
