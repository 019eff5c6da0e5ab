package dev.darkroom.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.testing.DarkroomInstanceProcess;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.FreePort;
import dev.darkroom.testing.TestPostgres;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Processes that find each other by a DNS name with the addresses of all members, like pods behind a headless service. The JVM resolves
 * names with a file of the test. Each process has a loopback address of its own and the same ports.
 */
@Tag("chaos")
@Timeout(300)
class ClusterDiscoveryIT {
    private static final String NAME = "darkroom-nodes.production.svc";
    private static final List<String> ADDRESSES = List.of("127.0.0.11", "127.0.0.12", "127.0.0.13");

    @TempDir
    Path directory;

    private final int port = FreePort.find();
    private final DatabaseUrl database = TestPostgres.migratedDatabase();
    private final List<DarkroomInstanceProcess> processes = new ArrayList<>();

    @AfterEach
    void stopProcesses() {
        processes.forEach(DarkroomInstanceProcess::close);
    }

    private void writeHosts(Path file, List<String> addresses) throws IOException {
        List<String> lines = new ArrayList<>(
                List.of("127.0.0.1 localhost " + InetAddress.getLocalHost().getHostName()));
        addresses.forEach(address -> lines.add(address + " " + NAME));
        Files.write(file, lines);
    }

    private DarkroomInstanceProcess launch(String address, Path hosts) {
        Map<String, String> environment = DarkroomInstanceSettings.forTests()
                .smallProcess()
                .database(database)
                .with("DARKROOM_CLUSTER_ENABLED", "true")
                .with("DARKROOM_CLUSTER_HOST", address)
                .with("DARKROOM_CLUSTER_PORT", String.valueOf(port))
                .with("DARKROOM_CLUSTER_BUS_PORT", "0")
                .with("DARKROOM_CLUSTER_KUBERNETES_SERVICE", NAME)
                .environment();
        DarkroomInstanceProcess process = DarkroomInstanceProcess.launch(
                directory, environment, List.of("-Djdk.net.hosts.file=" + hosts, "-Dsun.net.inetaddr.ttl=1"));
        processes.add(process);
        return process;
    }

    private static void awaitMembers(DarkroomInstanceProcess process, int members) {
        process.awaitLine("cluster (?:joined|member joined) .*members=" + members);
    }

    @Test
    @DisplayName("Processes of one DNS name form a cluster, a later one joins, a stopped one leaves")
    void findsMembersByDnsName() throws IOException {
        // given
        Path hosts = directory.resolve("hosts");
        writeHosts(hosts, ADDRESSES.subList(0, 2));

        // when
        DarkroomInstanceProcess first = launch(ADDRESSES.get(0), hosts);
        DarkroomInstanceProcess second = launch(ADDRESSES.get(1), hosts);

        // then
        awaitMembers(first, 2);
        awaitMembers(second, 2);

        // when
        writeHosts(hosts, ADDRESSES);
        DarkroomInstanceProcess third = launch(ADDRESSES.get(2), hosts);

        // then
        List.of(first, second, third).forEach(process -> awaitMembers(process, 3));

        // when
        assertThat(first.awaitReady().stop()).isZero();

        // then
        second.awaitLine("cluster member left .*" + ADDRESSES.get(0) + ".*members=2");
        third.awaitLine("cluster member left .*" + ADDRESSES.get(0) + ".*members=2");
    }

    @Test
    @DisplayName("Processes that started before the DNS name had their addresses merge")
    void mergesWhenAddressesAppearLater() throws IOException {
        // given two clusters of one
        List<Path> hosts = List.of(directory.resolve("hosts-1"), directory.resolve("hosts-2"));
        List<DarkroomInstanceProcess> started = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            writeHosts(hosts.get(i), ADDRESSES.subList(i, i + 1));
            started.add(launch(ADDRESSES.get(i), hosts.get(i)));
        }
        started.forEach(process -> awaitMembers(process, 1));

        // when
        for (Path file : hosts) {
            writeHosts(file, ADDRESSES.subList(0, 2));
        }

        // then
        started.forEach(process -> awaitMembers(process, 2));
    }
}
