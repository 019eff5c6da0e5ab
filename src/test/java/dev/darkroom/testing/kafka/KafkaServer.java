package dev.darkroom.testing.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.ExternalTool;
import dev.darkroom.testing.FreePort;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.awaitility.Awaitility;

/** A broker of Kafka in a process of its own, which is also the controller. The methods block. */
public final class KafkaServer implements AutoCloseable {
    private static final ExternalTool TOOL = new ExternalTool("kafka", "kafka");
    private static final Duration START_TIMEOUT = Duration.ofMinutes(2);

    private final Path directory;
    private final int port = FreePort.find();
    private Process process;

    /**
     * Formats the directory for a new cluster of one broker.
     *
     * @param directory for records and the log
     */
    public KafkaServer(Path directory) throws IOException, InterruptedException {
        this.directory = directory;
        int controllerPort = FreePort.find();
        Files.writeString(properties(), """
                process.roles=broker,controller
                node.id=1
                controller.quorum.voters=1@127.0.0.1:%2$d
                listeners=PLAINTEXT://127.0.0.1:%1$d,CONTROLLER://127.0.0.1:%2$d
                advertised.listeners=PLAINTEXT://127.0.0.1:%1$d
                controller.listener.names=CONTROLLER
                listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
                log.dirs=%3$s
                offsets.topic.replication.factor=1
                transaction.state.log.replication.factor=1
                transaction.state.log.min.isr=1
                transaction.state.log.num.partitions=1
                auto.create.topics.enable=false
                """.formatted(port, controllerPort, directory.resolve("records")));
        run(
                "kafka.tools.StorageTool",
                "format",
                "--cluster-id",
                "MkU3OEVBNTcwNTJENDM2Qg",
                "--config",
                properties().toString());
    }

    private Path properties() {
        return directory.resolve("server.properties");
    }

    private void run(String mainClass, String... arguments) throws IOException, InterruptedException {
        Process tool = launch("format.log", mainClass, arguments);
        assertThat(tool.waitFor(2, TimeUnit.MINUTES)).as(mainClass).isTrue();
        assertThat(tool.exitValue())
                .as(() -> mainClass + " " + readLog("format.log"))
                .isZero();
    }

    private String readLog(String name) {
        try {
            return Files.readString(directory.resolve(name));
        } catch (IOException e) {
            return e.toString();
        }
    }

    private Process launch(String log, String mainClass, String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx384m",
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-cp",
                TOOL.installMaven() + "/*",
                mainClass));
        command.addAll(List.of(arguments));
        return TOOL.start(new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(
                        ProcessBuilder.Redirect.appendTo(directory.resolve(log).toFile())));
    }

    public String bootstrapServers() {
        return "127.0.0.1:" + port;
    }

    /** Starts the broker and waits until it responds. Records of earlier runs are kept. */
    public void start() throws IOException, InterruptedException {
        process = launch("server.log", "kafka.Kafka", properties().toString());
        Awaitility.await("the broker responds")
                .atMost(START_TIMEOUT)
                .failFast("the broker ended, see server.log", () -> !process.isAlive())
                .ignoreExceptions()
                .until(() -> {
                    try (Admin admin = admin()) {
                        return !admin.describeCluster()
                                .nodes()
                                .get(5, TimeUnit.SECONDS)
                                .isEmpty();
                    }
                });
    }

    private Admin admin() {
        return Admin.create(Map.of("bootstrap.servers", bootstrapServers()));
    }

    public void createTopic(String topic, int partitions) throws Exception {
        try (Admin admin = admin()) {
            admin.createTopics(Set.of(new NewTopic(topic, Optional.of(partitions), Optional.empty())))
                    .all()
                    .get(1, TimeUnit.MINUTES);
        }
    }

    /** Sends SIGKILL and waits for the end. */
    public void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    /** Sends SIGTERM and waits for the end. */
    public void stop() throws InterruptedException {
        process.destroy();
        assertThat(process.waitFor(2, TimeUnit.MINUTES)).as("the broker stops").isTrue();
    }

    /**
     * Reads all records of a topic, from the beginning to the present end of each partition.
     *
     * @param isolation {@code read_committed} or {@code read_uncommitted}
     * @return in the order of their offsets within a partition
     */
    public List<ConsumerRecord<String, String>> readAll(String topic, String isolation) {
        Map<String, Object> properties =
                new HashMap<>(Map.of("bootstrap.servers", bootstrapServers(), "isolation.level", isolation));
        try (KafkaConsumer<String, String> consumer =
                new KafkaConsumer<>(properties, new StringDeserializer(), new StringDeserializer())) {
            List<TopicPartition> partitions = consumer.partitionsFor(topic).stream()
                    .map(partition -> new TopicPartition(topic, partition.partition()))
                    .toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            List<ConsumerRecord<String, String>> records = new ArrayList<>();
            long deadline = System.nanoTime() + START_TIMEOUT.toNanos();
            while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
                assertThat(System.nanoTime()).as("all records read").isLessThan(deadline);
                consumer.poll(Duration.ofMillis(100)).forEach(records::add);
            }
            return records;
        }
    }

    @Override
    public void close() throws InterruptedException {
        if (process != null) {
            kill();
        }
    }
}
