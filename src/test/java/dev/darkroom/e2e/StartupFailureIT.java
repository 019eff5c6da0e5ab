package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.Secret;
import dev.darkroom.database.embedded.EmbeddedDatabase;
import dev.darkroom.testing.DarkroomInstanceProcess;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.FreePort;
import dev.darkroom.testing.InProcessDarkroom;
import dev.darkroom.testing.LogLines;
import dev.darkroom.testing.TestCertificates;
import dev.darkroom.testing.TestPostgres;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Failed starts print the reason in one line, leave no process running and reveal no secret. */
@Timeout(300)
class StartupFailureIT {
    private static final String SECRET = "correct-horse-battery-staple";

    @TempDir
    Path directory;

    @Test
    void reportsHttpPortInUse() throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            // given
            String port = String.valueOf(taken.getLocalPort());

            // then
            assertThat(failedProcess(settings().with("DARKROOM_HTTP_PORT", port)))
                    .isEqualTo(portInUseMessage("HTTP", port));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"MANAGEMENT", "SIMULATOR"})
    void reportsOtherPortInUse(String name) throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            // given
            String port = String.valueOf(taken.getLocalPort());

            // then
            assertThat(failedStart(withExternalDatabase().with("DARKROOM_" + name + "_PORT", port)))
                    .isEqualTo(portInUseMessage(name, port));
        }
    }

    private static String portInUseMessage(String name, String port) {
        return "darkroom: DARKROOM_" + name + "_PORT: expected a port that is free and may be bound, got " + port
                + " on 127.0.0.1 (Address already in use)";
    }

    @ParameterizedTest
    @ValueSource(strings = {"CLUSTER", "CLUSTER_BUS"})
    void reportsClusterPortInUse(String name) throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            // given
            String port = String.valueOf(taken.getLocalPort());

            // when
            String line = failedStart(withExternalDatabase()
                    .with("DARKROOM_CLUSTER_ENABLED", "true")
                    .with("DARKROOM_CLUSTER_PORT", String.valueOf(FreePort.find()))
                    .with("DARKROOM_" + name + "_PORT", port));

            // then
            assertThat(line).isEqualTo(portInUseMessage(name, port));
        }
    }

    @Test
    void reportsForeignHostAddress() {
        assertThat(failedStart(withExternalDatabase()
                        .with("DARKROOM_HTTP_HOST", "192.0.2.1")
                        .with("DARKROOM_AUTH", "required")))
                .isEqualTo("darkroom: DARKROOM_HTTP_HOST: expected an address of this machine, got \"192.0.2.1\"");
    }

    @Test
    void reportsUnreachableDatabase() throws IOException {
        int free;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            free = socket.getLocalPort();
        }
        DatabaseUrl unreachable = new DatabaseUrl("127.0.0.1", free, "darkroom", "darkroom", new Secret(SECRET));

        assertThat(failedStart(settings().database(unreachable).with("DARKROOM_DATABASE_START_TIMEOUT", "1s")))
                .contains("the database darkroom at 127.0.0.1:" + free)
                .contains("DARKROOM_DATABASE_URL")
                .contains("refused");
    }

    @Test
    void reportsWrongDatabasePassword() {
        DatabaseUrl real = TestPostgres.newDatabase();
        DatabaseUrl wrong = new DatabaseUrl(real.host(), real.port(), real.database(), real.user(), new Secret(SECRET));

        assertThat(failedStart(settings().database(wrong)))
                .contains("DARKROOM_DATABASE_URL")
                .contains("password authentication failed");
    }

    @Test
    void reportsMissingDatabase() {
        DatabaseUrl real = TestPostgres.newDatabase();
        DatabaseUrl missing = new DatabaseUrl(real.host(), real.port(), "nowhere", real.user(), real.password());

        assertThat(failedStart(settings().database(missing)))
                .contains("DARKROOM_DATABASE_URL")
                .contains("\"nowhere\" does not exist")
                .doesNotContain(real.password().value());
    }

    @Test
    void reportsInvalidValue() {
        assertThat(failedProcess(settings().with("DARKROOM_RETRY_INITIAL_DELAY", "fast")))
                .startsWith("darkroom: DARKROOM_RETRY_INITIAL_DELAY: expected ")
                .endsWith("got \"fast\"");
    }

    @Test
    void reportsUnusablePublicKeyFile() throws IOException {
        // given
        Path file = Files.writeString(directory.resolve("issuer.pem"), "-----BEGIN PRIVATE KEY-----\n" + SECRET);
        DarkroomInstanceSettings settings =
                withExternalDatabase().with("DARKROOM_JWT_ISSUER", "i").with("DARKROOM_JWT_AUDIENCE", "a");

        // then
        String expected = "darkroom: DARKROOM_JWT_PUBLIC_KEY_FILE: expected a file with a public key in PEM, got \"";
        assertThat(failedStart(settings.with("DARKROOM_JWT_PUBLIC_KEY_FILE", file.toString())))
                .isEqualTo(expected + file + "\" (it has no BEGIN PUBLIC KEY)");
        assertThat(failedStart(settings.with("DARKROOM_JWT_PUBLIC_KEY_FILE", "/nowhere.pem")))
                .isEqualTo(expected + "/nowhere.pem\" (/nowhere.pem: no such file or directory)");
    }

    @Test
    void reportsUnusableCertificateFiles() throws Exception {
        // given
        TestCertificates.writeCertificate(directory.resolve("one"), "one", "EC");
        TestCertificates.writeCertificate(directory.resolve("other"), "other", "EC");
        String certificate = directory.resolve("one/cert.pem").toString();
        Path noise = Files.writeString(directory.resolve("noise.pem"), "noise");
        String expected =
                "darkroom: DARKROOM_HTTP_TLS_CERT_FILE, DARKROOM_HTTP_TLS_KEY_FILE: expected a certificate and its private key"
                        + " in PEM (";

        // then
        DarkroomInstanceSettings settings = withExternalDatabase().with("DARKROOM_HTTP_TLS_CERT_FILE", certificate);
        assertThat(failedStart(settings.with(
                        "DARKROOM_HTTP_TLS_KEY_FILE",
                        directory.resolve("other/key.pem").toString())))
                .isEqualTo(expected + "the key does not belong to the certificate)");
        assertThat(failedStart(settings.with("DARKROOM_HTTP_TLS_KEY_FILE", "/nowhere.pem")))
                .isEqualTo(expected + "/nowhere.pem does not exist)");
        assertThat(failedStart(settings.with("DARKROOM_HTTP_TLS_KEY_FILE", noise.toString())))
                .startsWith(expected);
    }

    /** The parent is a plain file, which no user can write below, not even root. */
    @Test
    void reportsUnwritableDataDirectory() throws IOException {
        Path dataDir = Files.createFile(directory.resolve("file")).resolve("data");

        assertThat(failedStart(settings().with("DARKROOM_DATA_DIR", dataDir.toString())))
                .contains(dataDir.toString())
                .contains("DARKROOM_DATA_DIR");
    }

    @Test
    void reportsUnwritableImageDirectory() throws IOException {
        Path imageDir = Files.createFile(directory.resolve("file")).resolve("images");

        assertThat(failedStart(withExternalDatabase().with("DARKROOM_IMAGE_DIR", imageDir.toString())))
                .contains(imageDir.toString())
                .contains("DARKROOM_IMAGE_DIR");
    }

    @Test
    void reportsUnknownCommand() {
        assertThat(failedProcess(settings(), "develop"))
                .isEqualTo(
                        "darkroom: unknown command \"develop\"; known: serve, simulator, keys, users, images, doctor, explain, help");
    }

    @Test
    void helpSucceeds() {
        DarkroomInstanceProcess help = DarkroomInstanceProcess.launch(directory, Map.of(), List.of(), "help");

        assertThat(help.awaitExit()).isZero();
        assertThat(help.log()).first().asString().startsWith("Usage: java -jar darkroom.jar");
        assertThat(help.errors()).isEmpty();
        assertThat(directory).isEmptyDirectory();
    }

    private DarkroomInstanceSettings settings() {
        return DarkroomInstanceSettings.forTests().with("DARKROOM_BACKEND_API_KEY", SECRET);
    }

    private DarkroomInstanceSettings withExternalDatabase() {
        return settings().database(TestPostgres.newDatabase());
    }

    /** Returns the error line of a start that fails, and checks that nothing keeps running. */
    private String failedStart(DarkroomInstanceSettings settings) {
        InProcessDarkroom.FailedStart failed = InProcessDarkroom.failStart(directory, settings);
        assertThat(LogLines.withoutBlockedThreadWarnings(failed.log()))
                .noneMatch(line -> line.startsWith("WARN") || line.startsWith("ERROR"))
                .noneMatch(line -> line.contains("Exception") || line.contains(SECRET));
        assertThat(failed.line()).doesNotContain(SECRET);
        return failed.line();
    }

    /** Returns the error line of a process that fails to start with exit code 1. */
    private String failedProcess(DarkroomInstanceSettings settings, String... arguments) {
        DarkroomInstanceProcess process = DarkroomInstanceProcess.launch(
                directory, settings.environment(), List.of(DarkroomInstanceProcess.SHARED_BINARIES), arguments);
        int exitCode = process.awaitExit();
        assertThat(exitCode).isEqualTo(1);
        assertThat(process.errors()).hasSize(1);
        assertThat(LogLines.withoutBlockedThreadWarnings(process.log()))
                .noneMatch(line -> line.contains("Exception") || line.startsWith("\tat "))
                .noneMatch(line -> line.contains(" WARN ") || line.contains(" ERROR "))
                .noneMatch(line -> line.contains(SECRET));
        assertThat(EmbeddedDatabase.findRunning(directory.resolve("data"))).isEmpty();
        return process.errors().get(0);
    }
}
