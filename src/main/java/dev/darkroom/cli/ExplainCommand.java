package dev.darkroom.cli;

import dev.darkroom.config.Settings;
import dev.darkroom.maintenance.doctor.GenerationTimeline;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.TypeConversionException;

/** {@code explain}: prints the timeline of one generation. Changes nothing. Exit code 1 when there is no such generation. */
@Command(
        name = "explain",
        description = "Print the timeline of one generation, with or without a running server. Changes nothing.")
final class ExplainCommand extends DatabaseCommand implements Callable<Integer> {
    @Option(names = "--prompt", description = "Also print the prompt.")
    private boolean prompt;

    @Parameters(
            paramLabel = "ID",
            converter = GenerationIdConverter.class,
            description = "the id of a generation, such as 01a2093d-8cc8-7eab-b69e-7d8fe7b05d0d")
    private UUID id;

    ExplainCommand(Supplier<Settings> settings) {
        super(settings);
    }

    @Override
    public Integer call() throws Exception {
        return withDatabase((url, settings) -> {
            Optional<String> timeline = GenerationTimeline.describe(id, url, settings, prompt);
            System.out.println(timeline.orElse("There is no generation " + id + "."));
            return timeline.isPresent() ? 0 : 1;
        });
    }

    /** Stricter than {@link UUID#fromString}, which accepts groups of fewer digits. */
    static final class GenerationIdConverter implements ITypeConverter<UUID> {
        @Override
        public UUID convert(String text) {
            if (!text.matches("\\p{XDigit}{8}(-\\p{XDigit}{4}){3}-\\p{XDigit}{12}")) {
                throw new TypeConversionException("not a UUID");
            }
            return UUID.fromString(text);
        }
    }
}
