package dev.darkroom.database;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.DatabaseUrl.SslMode;
import io.vertx.core.net.ClientSSLOptions;
import io.vertx.core.net.PemTrustOptions;
import io.vertx.core.net.TrustOptions;
import io.vertx.pgclient.PgConnectOptions;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Properties;
import javax.net.ssl.TrustManagerFactory;

/** Configures TLS in the same way for the reactive driver and the JDBC driver. */
final class DatabaseTlsConfigurer {
    /** Verifies the server name against the subject alternative names, as HTTPS does (RFC 2818). */
    private static final String VERIFY_BY_HOST_NAME = "HTTPS";

    private DatabaseTlsConfigurer() {}

    /** Configures the reactive driver. */
    static void configure(PgConnectOptions options, DatabaseUrl.Tls tls) {
        ClientSSLOptions ssl = new ClientSSLOptions();
        if (tls.mode().verifies()) {
            ssl.setTrustOptions(trustOptions(tls));
        } else {
            ssl.setTrustAll(true);
        }
        if (tls.mode() == SslMode.VERIFY_FULL) {
            ssl.setHostnameVerificationAlgorithm(VERIFY_BY_HOST_NAME);
        }
        options.setSslMode(io.vertx.pgclient.SslMode.of(DatabaseUrl.parameterValue(tls.mode())))
                .setSslOptions(ssl);
    }

    /** Configures the JDBC driver. */
    static void configure(Properties properties, DatabaseUrl.Tls tls) {
        properties.setProperty("sslmode", DatabaseUrl.parameterValue(tls.mode()));
        if (tls.mode().verifies()) {
            if (tls.rootCertificates() == null) {
                properties.setProperty("sslfactory", "org.postgresql.ssl.DefaultJavaSSLFactory");
            } else {
                properties.setProperty("sslrootcert", tls.rootCertificates().toString());
            }
        }
    }

    private static TrustOptions trustOptions(DatabaseUrl.Tls tls) {
        if (tls.rootCertificates() != null) {
            return new PemTrustOptions().addCertPath(tls.rootCertificates().toString());
        }
        try {
            TrustManagerFactory runtime = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            runtime.init((KeyStore) null);
            return TrustOptions.wrap(runtime.getTrustManagers()[0]);
        } catch (GeneralSecurityException e) {
            throw new DatabaseException("the Java runtime has no usable trust store: " + e.getMessage(), e);
        }
    }
}
