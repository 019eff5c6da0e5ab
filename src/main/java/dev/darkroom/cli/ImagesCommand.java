package dev.darkroom.cli;

import static dev.darkroom.server.ProcessLifecycle.await;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.Settings;
import dev.darkroom.config.SettingsException;
import dev.darkroom.config.SettingsLoader;
import dev.darkroom.database.Database;
import dev.darkroom.image.store.ImageStore;
import dev.darkroom.image.store.ImageStoreException;
import dev.darkroom.image.store.ImageStoreOwner;
import dev.darkroom.maintenance.InstallationStore;
import dev.darkroom.maintenance.copy.CopySummary;
import dev.darkroom.maintenance.copy.ImageCopy;
import dev.darkroom.server.ImageStoreFactory;
import dev.darkroom.server.ImageStoreFactory.Location;
import dev.darkroom.server.StartupException;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.util.function.Supplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** {@code images copy}: copies images to another store, with or without a running server. */
@Command(name = "images", description = "Manage stored images, with or without a running server.")
final class ImagesCommand extends DatabaseCommand {
    private static final int MAX_CONCURRENCY = 256;
    /** Images may use the heap divided by this. Buffers of connections use more. */
    private static final int HEAP_DIVISOR = 4;

    private static final String LOCATION = "a directory, or a settings file that ends in .yaml";

    ImagesCommand(Supplier<Settings> settings) {
        super(settings);
    }

    @Command(
            name = "copy",
            description =
                    "Copy all images to another store. Skips images that it has. Exit code 1 when an image could not be copied.")
    int copy(
            @Option(
                            names = "--from",
                            paramLabel = "LOCATION",
                            description = {LOCATION, "Where the images are. By default, the store of the settings."})
                    Path from,
            @Option(
                            names = "--to",
                            paramLabel = "LOCATION",
                            description = {LOCATION, "Where they are copied to. By default, the store of the settings."
                            })
                    Path to,
            @Option(names = "--verify", description = "Also read and compare the bytes of images that the target has.")
                    boolean verify,
            @Option(names = "--follow", description = "Go on with new images until the command is stopped.")
                    boolean follow,
            @Option(
                            names = "--concurrency",
                            paramLabel = "NUMBER",
                            defaultValue = "16",
                            converter = ConcurrencyConverter.class,
                            description = {
                                "a number from 1 to " + MAX_CONCURRENCY,
                                "Images that are copied at the same time, 16 by default."
                            })
                    int concurrency)
            throws Exception {
        int maxBytes = (int) Math.min(Integer.MAX_VALUE, Runtime.getRuntime().maxMemory() / HEAP_DIVISOR);
        ImageCopy.Options options = new ImageCopy.Options(concurrency, maxBytes, verify, follow);
        return withDatabase((url, settings) -> {
            Location source = locationOf(from, settings);
            Location target = locationOf(to, settings);
            if (source.equals(target)) {
                throw new SettingsException("images copy: expected two stores, got the same one twice");
            }
            Vertx vertx = Vertx.vertx();
            try {
                CopySummary summary = copy(vertx, url, settings, source, target, options);
                summary.problemLines().forEach(System.err::println);
                System.out.println(summary.toText());
                return summary.isComplete() ? 0 : 1;
            } catch (ImageStoreException e) {
                throw new StartupException("images copy: " + e.getMessage());
            } finally {
                await(vertx.close());
            }
        });
    }

    /** Values of a settings file replace those of the settings and of the environment. */
    private static Location locationOf(Path path, Settings settings) {
        if (path == null) {
            return Location.of(settings);
        }
        return path.toString().endsWith(".yaml")
                ? Location.of(
                        SettingsLoader.load(System.getenv(), Path.of(""), path).settings())
                : new Location(path.toAbsolutePath().normalize(), null);
    }

    private static CopySummary copy(
            Vertx vertx,
            DatabaseUrl url,
            Settings settings,
            Location source,
            Location target,
            ImageCopy.Options options)
            throws Exception {
        Database database = Database.open(vertx, url, settings.database());
        // Without its images: the target is new, or a part of a copy.
        ImageStoreOwner owner = ImageStoreOwner.withoutImages(
                await(InstallationStore.readIdentity(database)).databaseId());
        ImageStore from = ImageStoreFactory.forReading(vertx, source, owner);
        await(from.checkOwner());
        ImageStore to = await(ImageStoreFactory.open(vertx, target, owner));
        System.err.println("Copying images from " + from.location() + " to " + to.location());
        CopySummary summary = new ImageCopy(vertx, database, from, to, options, System.err::println).run();
        await(to.close());
        await(from.close());
        await(database.close());
        return summary;
    }

    static final class ConcurrencyConverter implements ITypeConverter<Integer> {
        @Override
        public Integer convert(String text) {
            int number = Integer.parseInt(text);
            if (number < 1 || number > MAX_CONCURRENCY) {
                throw new TypeConversionException("out of range");
            }
            return number;
        }
    }
}
