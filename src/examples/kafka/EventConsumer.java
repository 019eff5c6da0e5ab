import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.StringDeserializer;

/** Prints each event once, and fails if one is missing. Arguments: brokers, topic, number of events after which it ends. */
public class EventConsumer {
    /** A real program stores both in its database, in the transaction that contains the effect of the event. */
    static final Set<String> PROCESSED = new HashSet<>();

    static final Map<String, Long> LAST_SEQUENCE = new HashMap<>();

    public static void main(String[] args) {
        Map<String, Object> properties = Map.of(
                "bootstrap.servers", args[0],
                "group.id", "darkroom-example",
                "auto.offset.reset", "earliest",
                "enable.auto.commit", "false",
                // Hides the events of transactions that were aborted or are not committed yet.
                "isolation.level", "read_committed");
        try (KafkaConsumer<String, String> consumer =
                new KafkaConsumer<>(properties, new StringDeserializer(), new StringDeserializer())) {
            consumer.subscribe(List.of(args[1]));
            while (PROCESSED.size() < Integer.parseInt(args[2])) {
                consumer.poll(Duration.ofSeconds(1)).forEach(EventConsumer::process);
                consumer.commitSync();
            }
        }
    }

    static void process(ConsumerRecord<String, String> record) {
        String user = record.key();
        String event = record.value();
        if (!PROCESSED.add(field(event, "id"))) {
            return; // duplicate
        }
        long sequence = Long.parseLong(field(event, "sequence"));
        // The first event of a user may have any number: earlier ones were not published, or the topic has expired them.
        long expected = LAST_SEQUENCE.getOrDefault(user, sequence - 1) + 1;
        if (sequence != expected) {
            throw new IllegalStateException(user + ": expected event " + expected + ", got " + sequence);
        }
        LAST_SEQUENCE.put(user, sequence);
        System.out.println(user + " " + event);
    }

    /** Returns the value of a field. A real program uses a JSON library. */
    static String field(String json, String name) {
        Matcher found = Pattern.compile("\"" + name + "\":\"([^\"]+)\"").matcher(json);
        return found.find() ? found.group(1) : null;
    }
}
