package dev.darkroom.api.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.darkroom.config.InboundSettings;
import dev.darkroom.testing.TestCertificates;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerOptions;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The server uses the content of the certificate files that was verified. */
@Timeout(240)
class TlsCertificateReloaderTest {
    @TempDir
    Path directory;

    private final Vertx vertx = Vertx.vertx();

    @AfterEach
    void close() throws Exception {
        await(vertx.close());
    }

    private HttpServerOptions configure() throws Exception {
        InboundSettings.Tls tls = new InboundSettings.Tls(
                directory.resolve("cert.pem"), directory.resolve("key.pem"), Duration.ofDays(1));
        return await(new TlsCertificateReloader(vertx, tls).configure(new HttpServerOptions()));
    }

    /** Replaces the key by the key of another certificate with the same algorithm. */
    private void replaceKey() throws Exception {
        Path other = directory.resolve("other");
        TestCertificates.writeCertificate(other, "other", "EC");
        Files.copy(other.resolve("key.pem"), directory.resolve("key.pem"), StandardCopyOption.REPLACE_EXISTING);
    }

    /** Completes a TLS handshake that trusts only {@code trusted}, and returns the certificate of the server. */
    private static X509Certificate handshake(int port, X509Certificate trusted) throws Exception {
        KeyStore trustStore = KeyStore.getInstance(KeyStore.getDefaultType());
        trustStore.load(null, null);
        trustStore.setCertificateEntry("server", trusted);
        TrustManagerFactory trustManagers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trustManagers.init(trustStore);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trustManagers.getTrustManagers(), null);
        try (SSLSocket socket =
                (SSLSocket) context.getSocketFactory().createSocket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout((int) Duration.ofSeconds(60).toMillis());
            socket.startHandshake();
            return (X509Certificate) socket.getSession().getPeerCertificates()[0];
        }
    }

    private static <T> T await(Future<T> future) throws Exception {
        return future.await(60, TimeUnit.SECONDS);
    }

    @Test
    void usesVerifiedContentAfterTheKeyFileChanged() throws Exception {
        // given
        X509Certificate certificate = TestCertificates.writeCertificate(directory, "server", "EC");
        HttpServerOptions options = configure();

        // when
        replaceKey();
        int port = await(vertx.createHttpServer(options)
                        .requestHandler(request -> request.response().end())
                        .listen(0, "127.0.0.1"))
                .actualPort();

        // then
        assertThat(handshake(port, certificate)).isEqualTo(certificate);
    }

    @Test
    void rejectsTheKeyOfAnotherCertificate() throws Exception {
        // given
        TestCertificates.writeCertificate(directory, "server", "EC");
        replaceKey();

        // then
        assertThatThrownBy(this::configure)
                .isInstanceOf(UnusableCertificateException.class)
                .hasMessage("the key does not belong to the certificate");
    }

    @Test
    void rejectsMissingKeyFile() throws Exception {
        // given
        TestCertificates.writeCertificate(directory, "server", "EC");
        Files.delete(directory.resolve("key.pem"));

        // then
        assertThatThrownBy(this::configure)
                .isInstanceOf(UnusableCertificateException.class)
                .hasMessage(directory.resolve("key.pem") + " does not exist");
    }
}
