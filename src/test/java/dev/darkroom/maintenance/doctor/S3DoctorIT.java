package dev.darkroom.maintenance.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.DatabaseInvariants;
import dev.darkroom.testing.TestPostgres;
import dev.darkroom.testing.s3.S3ProxyServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import software.amazon.awssdk.core.async.AsyncRequestBody;

/** The doctor compares the objects of a bucket with the rows. */
@Tag("s3")
class S3DoctorIT {
    @RegisterExtension
    static final S3ProxyServer server = new S3ProxyServer();

    @RegisterExtension
    static final DoctorFixture fixture = new DoctorFixture();

    private final String bucket = "images-" + UUID.randomUUID();

    @BeforeEach
    void storeImages() {
        server.createBucket(bucket);
        put(
                ".darkroom",
                TestPostgres.query(fixture.url, "SELECT id FROM installation").get(0));
        put(DoctorFixture.KEY, "content");
    }

    private void put(String key, String content) {
        server.call(client -> client.putObject(
                        request -> request.bucket(bucket).key("darkroom/" + key), AsyncRequestBody.fromString(content))
                .join());
    }

    private void delete(String key) {
        server.call(
                client -> client.deleteObject(request -> request.bucket(bucket).key("darkroom/" + key))
                        .join());
    }

    private DoctorReport runDoctor() {
        return DatabaseInvariants.runDoctor(fixture.url, server.environment(bucket, "darkroom/"));
    }

    @Test
    void findsNothingInAConsistentBucket() {
        DoctorReport report = runDoctor();
        assertThat(report.problems()).isEmpty();
        assertThat(report.notes()).noneMatch(note -> note.contains("image files"));
    }

    @Test
    void findsMissingObject() {
        delete(DoctorFixture.KEY);
        assertThat(runDoctor().problems())
                .containsExactly("files: generation " + DoctorFixture.COMPLETE + " has image " + DoctorFixture.KEY
                        + ": file missing");
    }

    @Test
    void findsObjectOfAnotherSize() {
        put(DoctorFixture.KEY, "cont");
        assertThat(runDoctor().problems())
                .singleElement()
                .asString()
                .endsWith(DoctorFixture.KEY + ": file has 4 bytes instead of 7");
    }

    @Test
    void findsOtherBytes() {
        put(DoctorFixture.KEY, "CONTENT");
        assertThat(runDoctor().problems())
                .singleElement()
                .asString()
                .endsWith(DoctorFixture.KEY + ": SHA-256 of the file differs from the row");
    }

    @Test
    void findsMissingMarker() {
        delete(".darkroom");
        assertThat(runDoctor().problems()).singleElement().asString().endsWith("has no object .darkroom");
    }

    @Test
    void findsUnknownBucket() {
        delete(DoctorFixture.KEY);
        delete(".darkroom");
        server.deleteBucket(bucket);
        assertThat(runDoctor().problems()).hasSize(2).anyMatch(problem -> problem.contains("NoSuchBucket"));
    }

    @Test
    void notesObjectsWithoutRow() throws IOException {
        // given an old object and a new one, and one that is not an image
        String old = "11/0199b1d0-0000-7000-8000-000000000011.png";
        put(old, "an orphan");
        put("12/0199b1d0-0000-7000-8000-000000000012.png", "an image whose row follows");
        put("other/readme.txt", "not an image");
        // The server uses the times of its files.
        for (String key : new String[] {old, "other/readme.txt", DoctorFixture.KEY}) {
            Files.setLastModifiedTime(
                    server.objects().resolve(bucket).resolve("darkroom").resolve(key),
                    FileTime.from(Instant.now().minus(Duration.ofDays(1))));
        }

        // then
        DoctorReport report = runDoctor();
        assertThat(report.problems()).isEmpty();
        assertThat(report.notes())
                .anyMatch(note -> note.startsWith("1 image files (9 bytes) have no row, for example " + old));
    }
}
