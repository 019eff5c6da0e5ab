package dev.darkroom.release;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.DarkroomInstanceProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Builds the jar again in another directory, time zone, locale and user name, and compares it with the jar of this build. */
@Tag("release")
class ReproducibleJarIT {
    private static final List<String> SOURCES =
            List.of("pom.xml", "mvnw", ".mvn", "openapi.yaml", "conf", "src/main/java", "src/main/resources");

    @TempDir
    Path directory;

    @Test
    void secondBuildHasTheSameBytes() throws Exception {
        // given
        Path copy = directory.resolve("a directory with another name");
        for (String source : SOURCES) {
            copy(Path.of(source), copy.resolve(source));
        }

        // when
        Path jar = build(copy);

        // then
        assertThat(difference(entries(jar), entries(DarkroomInstanceProcess.jar())))
                .as("entries that differ")
                .isEmpty();
        assertThat(sha256(Files.readAllBytes(jar)))
                .as("the order, times or compression of the entries")
                .isEqualTo(sha256(Files.readAllBytes(DarkroomInstanceProcess.jar())));
    }

    private Path build(Path sources) throws IOException, InterruptedException {
        Path log = directory.resolve("build.log");
        ProcessBuilder builder = new ProcessBuilder(
                        "./mvnw",
                        "--batch-mode",
                        "-Dmaven.test.skip",
                        "-Dclass.data.archive.skip",
                        "-Duser.name=somebody",
                        "package")
                .directory(sources.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile());
        builder.environment().putAll(Map.of("TZ", "Pacific/Kiritimati", "LC_ALL", "C", "LANG", "C"));
        Process maven = builder.start();
        try {
            assertThat(maven.waitFor(15, TimeUnit.MINUTES))
                    .as("the build ended")
                    .isTrue();
            assertThat(maven.exitValue()).as(Files.readString(log)).isZero();
        } finally {
            maven.destroy();
        }
        return sources.resolve("target/darkroom.jar");
    }

    private static Set<String> difference(Map<String, String> first, Map<String, String> second) {
        Set<String> names = new TreeSet<>(first.keySet());
        names.addAll(second.keySet());
        names.removeIf(name -> Objects.equals(first.get(name), second.get(name)));
        return names;
    }

    /** Returns the SHA-256 of each entry by name. */
    private static Map<String, String> entries(Path path) throws Exception {
        Map<String, String> hashes = new TreeMap<>();
        try (JarFile jar = new JarFile(path.toFile())) {
            for (JarEntry entry : jar.stream().toList()) {
                hashes.put(entry.getName(), sha256(jar.getInputStream(entry).readAllBytes()));
            }
        }
        return hashes;
    }

    private static String sha256(byte[] bytes) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.toList()) {
                Path target = to.resolve(from.relativize(file).toString());
                Files.createDirectories(target.getParent());
                if (!Files.isDirectory(file)) {
                    Files.copy(file, target);
                }
            }
        }
    }
}
