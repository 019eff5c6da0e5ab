package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.Secret;
import dev.darkroom.database.embedded.EmbeddedDatabase;
import dev.darkroom.testing.ClusterClient;
import dev.darkroom.testing.DarkroomInstanceProcess;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.InProcessDarkroom;
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

/** A start that cannot succeed says why in one line, leaves nothing running and tells no secret. */
@Timeout(300)
class StartupFailureIT {
    private static final String SECRET = "correct-horse-battery-staple";

    @TempDir
    Path directory;

    @Test
    void aPortInUse() throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            // given
            String port = String.valueOf(taken.getLocalPort());

            // then
            assertThat(failureOfProcess(quick().with("DARKROOM_HTTP_PORT", port)))
                    .isEqualTo(inUse("HTTP", port));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"MANAGEMENT", "SIMULATOR"})
    void anotherPortInUse(String which) throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            // given
            String port = String.valueOf(taken.getLocalPort());

            // then
            assertThat(failure(external().with("DARKROOM_" + which + "_PORT", port)))
                    .isEqualTo(inUse(which, port));
        }
    }

    private static String inUse(String which, String port) {
        return "darkroom: DARKROOM_" + which + "_PORT: expected a port that is free and may be listened on, got " + port
                + " on 127.0.0.1 (Address already in use)";
    }

    @ParameterizedTest
    @ValueSource(strings = {"CLUSTER", "CLUSTER_BUS"})
    void aPortOfTheClusterInUse(String which) throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            // given
            String port = String.valueOf(taken.getLocalPort());

            // when
            String line = failure(external()
                    .with("DARKROOM_CLUSTER_ENABLED", "true")
                    .with("DARKROOM_CLUSTER_PORT", String.valueOf(ClusterClient.freePort()))
                    .with("DARKROOM_" + which + "_PORT", port));

            // then
            assertThat(line).isEqualTo(inUse(which, port));
        }
    }

    @Test
    void aHostThatIsNotThisMachine() {
        assertThat(failure(external().with("DARKROOM_HTTP_HOST", "192.0.2.1").with("DARKROOM_AUTH", "required")))
                .isEqualTo("darkroom: DARKROOM_HTTP_HOST: expected an address of this machine, got \"192.0.2.1\"");
    }

    @Test
    void aDatabaseThatDoesNotListen() throws IOException {
        int free;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            free = socket.getLocalPort();
        }
        DatabaseUrl nobody = new DatabaseUrl("127.0.0.1", free, "darkroom", "darkroom", new Secret(SECRET));

        assertThat(failure(quick().database(nobody)))
                .contains("the database darkroom at 127.0.0.1:" + free)
                .contains("DARKROOM_DATABASE_URL")
                .contains("refused");
    }

    @Test
    void aDatabaseThatRefusesThePassword() {
        DatabaseUrl real = TestPostgres.newDatabase();
        DatabaseUrl wrong = new DatabaseUrl(real.host(), real.port(), real.database(), real.user(), new Secret(SECRET));

        assertThat(failure(quick().database(wrong)))
                .contains("DARKROOM_DATABASE_URL")
                .contains("password authentication failed");
    }

    @Test
    void aDatabaseThatDoesNotExist() {
        DatabaseUrl real = TestPostgres.newDatabase();
        DatabaseUrl missing = new DatabaseUrl(real.host(), real.port(), "nowhere", real.user(), real.password());

        assertThat(failure(quick().database(missing)))
                .contains("DARKROOM_DATABASE_URL")
                .contains("\"nowhere\" does not exist")
                .doesNotContain(real.password().value());
    }

    @Test
    void aWrongValue() {
        assertThat(failureOfProcess(quick().with("DARKROOM_RETRY_BASE", "fast")))
                .startsWith("darkroom: DARKROOM_RETRY_BASE: expected ")
                .endsWith("got \"fast\"");
    }

    @Test
    void aPublicKeyFileWithoutAPublicKey() throws IOException {
        // given
        Path file = Files.writeString(directory.resolve("issuer.pem"), "-----BEGIN PRIVATE KEY-----\n" + SECRET);
        DarkroomInstanceSettings settings =
                external().with("DARKROOM_JWT_ISSUER", "i").with("DARKROOM_JWT_AUDIENCE", "a");

        // then
        String expected = "darkroom: DARKROOM_JWT_PUBLIC_KEY_FILE: expected a file with a public key in PEM, got \"";
        assertThat(failure(settings.with("DARKROOM_JWT_PUBLIC_KEY_FILE", file.toString())))
                .isEqualTo(expected + file + "\" (it has no BEGIN PUBLIC KEY)");
        assertThat(failure(settings.with("DARKROOM_JWT_PUBLIC_KEY_FILE", "/nowhere.pem")))
                .isEqualTo(expected + "/nowhere.pem\" (/nowhere.pem: no such file or directory)");
    }

    @Test
    void certificateFilesThatCannotBeUsed() throws Exception {
        // given
        TestCertificates.writeCertificate(directory.resolve("one"), "one", "EC");
        TestCertificates.writeCertificate(directory.resolve("other"), "other", "EC");
        String certificate = directory.resolve("one/cert.pem").toString();
        Path noise = Files.writeString(directory.resolve("noise.pem"), "noise");
        String expected =
                "darkroom: DARKROOM_HTTP_TLS_CERT_FILE, DARKROOM_HTTP_TLS_KEY_FILE: expected a certificate and its private key"
                        + " in PEM (";

        // then
        DarkroomInstanceSettings settings = external().with("DARKROOM_HTTP_TLS_CERT_FILE", certificate);
        assertThat(failure(settings.with(
                        "DARKROOM_HTTP_TLS_KEY_FILE",
                        directory.resolve("other/key.pem").toString())))
                .isEqualTo(expected + "the key does not belong to the certificate)");
        assertThat(failure(settings.with("DARKROOM_HTTP_TLS_KEY_FILE", "/nowhere.pem")))
                .isEqualTo(expected + "/nowhere.pem does not exist)");
        assertThat(failure(settings.with("DARKROOM_HTTP_TLS_KEY_FILE", noise.toString())))
                .startsWith(expected);
    }

    /** Below a plain file nobody can write, root included. */
    @Test
    void aDataDirectoryThatCannotBeWritten() throws IOException {
        Path dataDir = Files.createFile(directory.resolve("file")).resolve("data");

        assertThat(failure(quick().with("DARKROOM_DATA_DIR", dataDir.toString())))
                .contains(dataDir.toString())
                .contains("DARKROOM_DATA_DIR");
    }

    @Test
    void anImageDirectoryThatCannotBeWritten() throws IOException {
        Path imageDir = Files.createFile(directory.resolve("file")).resolve("images");

        assertThat(failure(external().with("DARKROOM_IMAGE_DIR", imageDir.toString())))
                .contains(imageDir.toString())
                .contains("DARKROOM_IMAGE_DIR");
    }

    @Test
    void anUnknownCommand() {
        assertThat(failureOfProcess(quick(), "develop"))
                .isEqualTo(
                        "darkroom: unknown command \"develop\"; known: serve, simulator, keys, users, doctor, explain, help");
    }

    @Test
    void helpIsNoFailure() {
        DarkroomInstanceProcess help = DarkroomInstanceProcess.launch(directory, Map.of(), List.of(), "help");

        assertThat(help.awaitExit()).isZero();
        assertThat(help.log()).first().asString().startsWith("Usage: java -jar darkroom.jar");
        assertThat(help.errors()).isEmpty();
        assertThat(directory).isEmptyDirectory();
    }

    private DarkroomInstanceSettings quick() {
        return DarkroomInstanceSettings.forTests().with("DARKROOM_BACKEND_API_KEY", SECRET);
    }

    private DarkroomInstanceSettings external() {
        return quick().database(TestPostgres.newDatabase());
    }

    /** The line on standard error of a start that fails. Nothing of it keeps running. */
    private String failure(DarkroomInstanceSettings settings) {
        InProcessDarkroom.FailedStart failed = InProcessDarkroom.failStart(directory, settings);
        assertThat(failed.log())
                .noneMatch(line -> line.startsWith("WARN") || line.startsWith("ERROR"))
                .noneMatch(line -> line.contains("Exception") || line.contains(SECRET));
        assertThat(failed.line()).doesNotContain(SECRET);
        return failed.line();
    }

    /** The same of a process, which ends with 1. */
    private String failureOfProcess(DarkroomInstanceSettings settings, String... arguments) {
        DarkroomInstanceProcess process = DarkroomInstanceProcess.launch(
                directory, settings.environment(), List.of(DarkroomInstanceProcess.SHARED_BINARIES), arguments);
        int exitCode = process.awaitExit();
        assertThat(exitCode).isEqualTo(1);
        assertThat(process.errors()).hasSize(1);
        assertThat(process.log())
                .noneMatch(line -> line.contains("Exception") || line.startsWith("\tat "))
                .noneMatch(line -> line.contains(" WARN ") || line.contains(" ERROR "))
                .noneMatch(line -> line.contains(SECRET));
        assertThat(EmbeddedDatabase.findRunning(directory.resolve("data"))).isEmpty();
        return process.errors().get(0);
    }
}
