package dev.darkroom.config;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * Reads the settings of this process, once, at its start. Three layers, the later winning: the defaults that travel in
 * the jar; the file named by {@code DARKROOM_CONF}, which then must exist, or else {@code conf/darkroom.yaml} in the
 * working directory if it is there; the environment. Surrounding white space is dropped everywhere.
 *
 * <p>Empty means two things. In the environment it means "not set", because compose files turn a variable that nobody set
 * into an empty one. In a file it means empty, which only settings that are empty by default accept.
 *
 * <p>The first mistake found is the one reported, on one line: first the file's shape and names, then each value in the
 * order of the default file, then the rules that tie two settings together. Reads files: not for an event loop.
 */
public final class SettingsLoader {
    /** Where the settings stand, both in the jar and below the working directory. */
    static final String DEFAULT_FILE = "conf/darkroom.yaml";

    private SettingsLoader() {}

    /**
     * What was read.
     *
     * @param settings valid
     * @param warnings one line each, for the log: names in the environment that mean nothing here
     */
    public record LoadedSettings(Settings settings, List<String> warnings) {}

    /**
     * Reads and checks all settings.
     *
     * @param environment names and values, such as {@link System#getenv()}
     * @param workingDirectory what relative paths are relative to
     * @throws SettingsException when a setting cannot be used
     */
    public static LoadedSettings load(Map<String, String> environment, Path workingDirectory) {
        Path base = workingDirectory.toAbsolutePath().normalize();
        LayeredSettings layeredSettings = new LayeredSettings(defaults());
        String named = environment
                .getOrDefault(EnvironmentVariableName.SETTINGS_FILE_VARIABLE, "")
                .strip();
        if (!named.isEmpty()) {
            layeredSettings.applyFile(
                    SettingValue.toSingleLine(named),
                    SettingsFileParser.parse(SettingValue.toSingleLine(named), readConfiguredFile(named, base)));
        } else if (Files.exists(base.resolve(DEFAULT_FILE))) {
            layeredSettings.applyFile(
                    DEFAULT_FILE,
                    SettingsFileParser.parse(DEFAULT_FILE, read(base.resolve(DEFAULT_FILE), DEFAULT_FILE)));
        }
        layeredSettings.applyEnvironment(environment);
        Settings settings = new SettingsReader(layeredSettings, base).read();
        SettingsValidator.validate(settings, layeredSettings);
        return new LoadedSettings(settings, layeredSettings.warnings());
    }

    /** Every setting there is, with its default, in the order of the file. */
    static Map<String, String> defaults() {
        try (InputStream in = SettingsLoader.class.getClassLoader().getResourceAsStream(DEFAULT_FILE)) {
            if (in == null) {
                throw new IllegalStateException("The class path lacks " + DEFAULT_FILE);
            }
            return SettingsFileParser.parse(DEFAULT_FILE, new String(in.readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String readConfiguredFile(String named, Path base) {
        try {
            return read(base.resolve(named), EnvironmentVariableName.SETTINGS_FILE_VARIABLE);
        } catch (InvalidPathException e) {
            throw unreadable(EnvironmentVariableName.SETTINGS_FILE_VARIABLE, SettingValue.toSingleLine(named));
        }
    }

    private static String read(Path file, String label) {
        try {
            return Files.readString(file);
        } catch (CharacterCodingException e) {
            throw new SettingsException(
                    label + ": expected UTF-8 text in " + SettingValue.toSingleLine(file.toString()));
        } catch (IOException e) {
            throw unreadable(label, SettingValue.toSingleLine(file.toString()));
        }
    }

    private static SettingsException unreadable(String label, String file) {
        return new SettingsException(label + ": expected a file that can be read, got \"" + file + '"');
    }
}
