package dev.darkroom.testing;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Creates self-signed certificates with the JDK's keytool and writes them as PEM files. */
public final class TestCertificates {
    private static final char[] PASSWORD = "changeit".toCharArray();

    private TestCertificates() {}

    /** Creates a certificate for 127.0.0.1 and localhost, writes {@code cert.pem} and {@code key.pem}, and returns it. */
    public static X509Certificate writeCertificate(Path directory, String name, String keyAlgorithm) {
        return writeCertificate(directory, name, keyAlgorithm, "ip:127.0.0.1,dns:localhost");
    }

    /**
     * Creates a certificate, writes {@code cert.pem} and {@code key.pem}, and returns it.
     *
     * @param alternativeNames as keytool takes them, such as {@code dns:localhost}
     */
    public static X509Certificate writeCertificate(
            Path directory, String name, String keyAlgorithm, String alternativeNames) {
        try {
            Files.createDirectories(directory);
            Path store = directory.resolve(name + ".p12");
            Process keytool = new ProcessBuilder(List.of(
                            Path.of(System.getProperty("java.home"), "bin", "keytool")
                                    .toString(),
                            "-J-XX:TieredStopAtLevel=1",
                            "-J-XX:+UseSerialGC",
                            "-genkeypair",
                            "-alias",
                            "server",
                            "-keyalg",
                            keyAlgorithm,
                            "-dname",
                            "CN=" + name,
                            "-ext",
                            "san=" + alternativeNames,
                            "-validity",
                            "30",
                            "-storetype",
                            "PKCS12",
                            "-storepass",
                            new String(PASSWORD),
                            "-keystore",
                            store.toString()))
                    .redirectErrorStream(true)
                    .redirectOutput(directory.resolve(name + ".log").toFile())
                    .start();
            if (!keytool.waitFor(60, TimeUnit.SECONDS) || keytool.exitValue() != 0) {
                throw new IllegalStateException(Files.readString(directory.resolve(name + ".log")));
            }
            KeyStore keys = KeyStore.getInstance("PKCS12");
            try (InputStream in = Files.newInputStream(store)) {
                keys.load(in, PASSWORD);
            }
            X509Certificate certificate = (X509Certificate) keys.getCertificate("server");
            writePem(directory.resolve("cert.pem"), "CERTIFICATE", certificate.getEncoded());
            writePem(
                    directory.resolve("key.pem"),
                    "PRIVATE KEY",
                    keys.getKey("server", PASSWORD).getEncoded());
            return certificate;
        } catch (IOException | GeneralSecurityException e) {
            throw new IllegalStateException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private static void writePem(Path file, String label, byte[] bytes) throws IOException {
        String base64 = Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII))
                .encodeToString(bytes);
        Files.writeString(file, "-----BEGIN " + label + "-----\n" + base64 + "\n-----END " + label + "-----\n");
    }
}
