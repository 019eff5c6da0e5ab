import io.debezium.engine.ChangeEvent;
import io.debezium.engine.DebeziumEngine;
import io.debezium.engine.Header;
import io.debezium.engine.format.Json;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import java.util.TreeMap;

/** Runs the connector of a properties file, and prints topic, key, headers and value of each record, separated by tabs. */
public class OutboxStream {
    public static void main(String[] args) throws Exception {
        Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(Path.of(args[0]))) {
            properties.load(reader);
        }
        try (DebeziumEngine<ChangeEvent<String, String>> engine = DebeziumEngine.create(Json.class, Json.class, Json.class)
                .using(properties)
                .notifying(OutboxStream::print)
                .using((success, message, error) -> System.out.println("ended\t" + message + "\t" + error))
                .build()) {
            engine.run();
        }
    }

    private static void print(ChangeEvent<String, String> event) {
        TreeMap<String, Object> headers = new TreeMap<>();
        for (Header<?> header : event.headers()) {
            headers.put(header.getKey(), header.getValue());
        }
        System.out.println(
                "record\t" + event.destination() + "\t" + event.key() + "\t" + headers + "\t" + event.value());
    }
}
