package dev.darkroom.cli;

import static dev.darkroom.server.ProcessLifecycle.await;

import dev.darkroom.config.Settings;
import dev.darkroom.image.store.ImageStoreOwner;
import dev.darkroom.maintenance.doctor.DatabaseDoctor;
import dev.darkroom.maintenance.doctor.DoctorReport;
import dev.darkroom.server.ImageStoreFactory;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** {@code doctor}: checks the consistency of tables and image files. Changes nothing. Exit code 1 when a check fails. */
@Command(
        name = "doctor",
        description =
                "Check the consistency of tables and image files, with or without a running server. Changes nothing.")
final class DoctorCommand extends DatabaseCommand implements Callable<Integer> {
    @Option(names = "--deep", description = "Also read and verify every image file.")
    private boolean deep;

    @Option(names = "--json", description = "Print the report as JSON.")
    private boolean json;

    @Option(
            names = "--timeout",
            paramLabel = "SECONDS",
            defaultValue = "300",
            converter = SecondsConverter.class,
            description = {"seconds from 1 to 999999", "Timeout of each statement, 300 by default."})
    private Duration timeout;

    DoctorCommand(Supplier<Settings> settings) {
        super(settings);
    }

    @Override
    public Integer call() throws Exception {
        return withDatabase((url, settings) -> {
            Vertx vertx = Vertx.vertx();
            try {
                DoctorReport report = DatabaseDoctor.examine(
                        url,
                        settings,
                        new DatabaseDoctor.Options(deep, timeout),
                        id -> ImageStoreFactory.forReading(vertx, settings, ImageStoreOwner.withoutImages(id)));
                System.out.println(json ? report.toJson().encodePrettily() : report.toText());
                return report.isConsistent() ? 0 : 1;
            } finally {
                await(vertx.close());
            }
        });
    }

    static final class SecondsConverter implements ITypeConverter<Duration> {
        @Override
        public Duration convert(String text) {
            if (!text.matches("[1-9][0-9]{0,5}")) {
                throw new TypeConversionException("not a number of seconds");
            }
            return Duration.ofSeconds(Long.parseLong(text));
        }
    }
}
