package dev.darkroom.api.security;

import dev.darkroom.config.InboundSettings;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.net.PemKeyCertOptions;
import io.vertx.core.net.ServerSSLOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.util.List;
import java.util.Set;
import javax.net.ssl.KeyManager;
import javax.net.ssl.X509KeyManager;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Loads the TLS certificate and key of the API server from two PEM files, at the start and again after a change, such as a renewal (TLS reload). Open
 * connections keep their certificate. One instance per verticle, for its event loop.
 */
public final class TlsCertificateReloader {
    private static final Logger LOG = LoggerFactory.getLogger(TlsCertificateReloader.class);
    private static final Set<String> PROTOCOLS = Set.of("TLSv1.3", "TLSv1.2");
    private static final byte[] TEST_MESSAGE = {'d', 'a', 'r', 'k', 'r', 'o', 'o', 'm'};

    private final Vertx vertx;
    private final InboundSettings.Tls tls;
    private final WorkerExecutor workerPool;
    private String loadedVersion;

    public TlsCertificateReloader(Vertx vertx, InboundSettings.Tls tls) {
        this.vertx = vertx;
        this.tls = tls;
        this.workerPool = vertx.createSharedWorkerExecutor("darkroom-certificates", 1);
    }

    /**
     * Enables TLS and HTTP/2 in the options of a server that does not listen yet.
     *
     * @return the same options; fails with an {@link UnusableCertificateException}
     */
    public Future<HttpServerOptions> configure(HttpServerOptions options) {
        return workerPool
                .executeBlocking(this::loadAndVerify)
                .recover(error -> Future.failedFuture(new UnusableCertificateException(error)))
                .map(loaded -> {
                    loadedVersion = loaded.version();
                    return options.setSsl(true)
                            .setUseAlpn(true)
                            .setKeyCertOptions(loaded.options())
                            .setEnabledSecureTransportProtocols(PROTOCOLS);
                });
    }

    /** Starts checking the files for changes; a listening server gets the changed certificate. */
    public void startReloading(HttpServer server) {
        vertx.setPeriodic(
                tls.reloadInterval().toMillis(),
                timer -> workerPool
                        .executeBlocking(() -> fileVersion())
                        .compose(version -> version.equals(loadedVersion) ? Future.succeededFuture() : reload(server))
                        .onFailure(error -> LOG.atWarn()
                                .addKeyValue("certFile", tls.certFile())
                                .addKeyValue("reason", error.toString())
                                .log("certificate reload failed, previous certificate kept")));
    }

    private Future<Void> reload(HttpServer server) {
        return workerPool
                .executeBlocking(this::loadAndVerify)
                .compose(loaded -> server.updateSSLOptions(sslOptions(loaded.options()))
                        .map(changed -> {
                            loadedVersion = loaded.version();
                            LOG.atInfo().addKeyValue("certFile", tls.certFile()).log("certificate reloaded");
                            return null;
                        }));
    }

    private static ServerSSLOptions sslOptions(PemKeyCertOptions options) {
        return new ServerSSLOptions()
                .setKeyCertOptions(options)
                .setApplicationLayerProtocols(List.of("h2", "http/1.1"))
                .setEnabledSecureTransportProtocols(PROTOCOLS);
    }

    /**
     * Content of both files, verified as a pair. The server gets this content and does not read the files again, because they may change
     * after the verification.
     */
    private record LoadedCertificate(String version, PemKeyCertOptions options) {}

    /** Returns the modification times and sizes. Taken before the content, so that a change in between causes another reload. Blocking. */
    private String fileVersion() throws IOException {
        return fileStamp(tls.certFile()) + " " + fileStamp(tls.keyFile());
    }

    private static String fileStamp(Path file) throws IOException {
        return Files.getLastModifiedTime(file).toMillis() + "/" + Files.size(file);
    }

    /** Reads both files and verifies that the key belongs to the certificate. Blocking. */
    private LoadedCertificate loadAndVerify() throws Exception {
        try {
            String version = fileVersion();
            PemKeyCertOptions options = new PemKeyCertOptions()
                    .setCertValue(Buffer.buffer(Files.readAllBytes(tls.certFile())))
                    .setKeyValue(Buffer.buffer(Files.readAllBytes(tls.keyFile())));
            for (KeyManager manager : options.getKeyManagerFactory(vertx).getKeyManagers()) {
                if (manager instanceof X509KeyManager keys) {
                    verifyKeyPair(keys);
                }
            }
            return new LoadedCertificate(version, options);
        } catch (NoSuchFileException e) {
            throw new IOException(e.getMessage() + " does not exist");
        }
    }

    private static void verifyKeyPair(X509KeyManager keys) throws GeneralSecurityException {
        for (String type : List.of("RSA", "EC", "EdDSA")) {
            String[] names = keys.getServerAliases(type, null);
            if (names != null && names.length > 0) {
                verifyKeyPair(type, keys.getPrivateKey(names[0]), keys.getCertificateChain(names[0])[0].getPublicKey());
                return;
            }
        }
        throw new GeneralSecurityException("the certificate has no RSA, EC or EdDSA key");
    }

    private static void verifyKeyPair(String type, PrivateKey privateKey, PublicKey publicKey)
            throws GeneralSecurityException {
        String algorithm = type.equals("EdDSA") ? type : "SHA256with" + (type.equals("EC") ? "ECDSA" : type);
        Signature signature = Signature.getInstance(algorithm);
        signature.initSign(privateKey);
        signature.update(TEST_MESSAGE);
        byte[] signatureBytes = signature.sign();
        signature.initVerify(publicKey);
        signature.update(TEST_MESSAGE);
        if (!signature.verify(signatureBytes)) {
            throw new GeneralSecurityException("the key does not belong to the certificate");
        }
    }
}
