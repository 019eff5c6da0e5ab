package dev.darkroom.config;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Loads the settings once, at startup. Later layers override earlier ones: the defaults in the jar; the settings file; the
 * environment. The settings file is the one configured by {@code DARKROOM_CONF}, which must exist, or else {@code
 * conf/darkroom.yaml} in the working directory, which may be missing. Strips surrounding white space from all values.
 *
 * <p>An empty environment variable counts as not set, because compose files pass unset variables as empty ones. An empty value
 * in a file is an empty value. Only settings with an empty default accept it.
 *
 * <p>Reports the first error, in one line. The order is: structure and names of the file, each value in the order of the
 * default file, then rules between settings. Blocks on file access: do not call it on an event loop.
 */
public final class SettingsLoader {
    /** Path of the settings, both in the jar and relative to the working directory. */
    static final String DEFAULT_FILE = "conf/darkroom.yaml";

    private SettingsLoader() {}

    /**
     * Result of loading.
     *
     * @param settings validated
     * @param warnings one line each, for the log: unknown environment variables, earlier names of settings
     */
    public record LoadedSettings(Settings settings, List<String> warnings) {}

    /**
     * Loads and validates all settings.
     *
     * @param environment names and values, such as {@link System#getenv()}
     * @param workingDirectory relative paths resolve against it
     * @throws SettingsException for the first invalid setting
     */
    public static LoadedSettings load(Map<String, String> environment, Path workingDirectory) {
        return load(environment, workingDirectory, Optional.empty());
    }

    /**
     * As {@link #load(Map, Path)}, with the values of {@code file} in place of those of all other layers.
     *
     * @param file relative to the working directory
     */
    public static LoadedSettings load(Map<String, String> environment, Path workingDirectory, Path file) {
        return load(environment, workingDirectory, Optional.of(file));
    }

    private static LoadedSettings load(
            Map<String, String> environment, Path workingDirectory, Optional<Path> lastFile) {
        Path base = workingDirectory.toAbsolutePath().normalize();
        LayeredSettings layeredSettings = new LayeredSettings(defaults(), RenamedSettings.CURRENT);
        String configured = environment
                .getOrDefault(EnvironmentVariableName.SETTINGS_FILE_VARIABLE, "")
                .strip();
        if (!configured.isEmpty()) {
            layeredSettings.applyFile(SettingValue.toSingleLine(configured), readConfiguredFile(configured, base));
        } else if (Files.exists(base.resolve(DEFAULT_FILE))) {
            layeredSettings.applyFile(DEFAULT_FILE, read(base.resolve(DEFAULT_FILE), DEFAULT_FILE));
        }
        layeredSettings.applyEnvironment(environment);
        lastFile.ifPresent(file -> {
            String label = SettingValue.toSingleLine(file.toString());
            layeredSettings.applyFile(label, read(base.resolve(file), label));
        });
        Settings settings = new SettingsBinder(layeredSettings, base).bind();
        new SettingsValidator(layeredSettings).validate(settings);
        return new LoadedSettings(settings, layeredSettings.warnings());
    }

    /** Returns every setting with its default, in the order of the file. */
    static Map<String, String> defaults() {
        try (InputStream in = SettingsLoader.class.getClassLoader().getResourceAsStream(DEFAULT_FILE)) {
            if (in == null) {
                throw new IllegalStateException("The class path lacks " + DEFAULT_FILE);
            }
            Map<String, String> defaults = new LinkedHashMap<>(
                    SettingsFileParser.parse(DEFAULT_FILE, new String(in.readAllBytes(), StandardCharsets.UTF_8)));
            defaults.keySet().removeAll(LayeredSettings.NAMED_SECTIONS);
            return defaults;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String readConfiguredFile(String configured, Path base) {
        try {
            return read(base.resolve(configured), EnvironmentVariableName.SETTINGS_FILE_VARIABLE);
        } catch (InvalidPathException e) {
            throw unreadable(EnvironmentVariableName.SETTINGS_FILE_VARIABLE, SettingValue.toSingleLine(configured));
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
        return new SettingsException(label + ": expected a readable file, got \"" + file + '"');
    }
}
