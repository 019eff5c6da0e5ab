package dev.darkroom.config;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Reads references to API keys: {@code main=env:OPENAI_KEY, spare=file:/run/secrets/openai}. Reads the environment variables, but not
 * the files.
 *
 * @param environment names and values
 * @param base absolute; relative paths resolve against it
 */
record BackendKeysReader(SettingValue settingValue, Map<String, String> environment, Path base) {
    private static final Pattern SEPARATOR = Pattern.compile("\\s*,\\s*");
    private static final Pattern KEY =
            Pattern.compile("(?<name>[a-z0-9-]{1,40})\\s*=\\s*(?<type>env|file):(?<target>\\S.*)");
    /** A variable of Darkroom would be an unknown setting. */
    private static final Pattern VARIABLE =
            Pattern.compile("(?!" + EnvironmentVariableName.PREFIX + ")[A-Za-z_][A-Za-z0-9_]{0,199}");

    private static final String EXPECTED =
            "names with env:VARIABLE or file:PATH such as main=env:OPENAI_KEY, spare=file:/run/secrets/openai, separated by commas";

    /** @throws SettingsException for the first invalid reference, and for a variable that is not set or has no valid value */
    List<BackendKeySource> read() {
        if (settingValue.isEmpty()) {
            return List.of();
        }
        Map<String, BackendKeySource> keys = new LinkedHashMap<>();
        Stream.of(SEPARATOR.split(settingValue.text(), -1)).map(this::readKey).forEach(key -> {
            if (keys.put(key.name(), key) != null) {
                throw settingValue.expected("each name once");
            }
        });
        return List.copyOf(keys.values());
    }

    private BackendKeySource readKey(String text) {
        Matcher key = KEY.matcher(text);
        if (!key.matches()) {
            throw settingValue.expected(EXPECTED);
        }
        String target = key.group("target");
        return key.group("type").equals("env")
                ? new BackendKeySource(key.group("name"), readVariable(target), null)
                : new BackendKeySource(key.group("name"), Secret.NONE, resolve(target));
    }

    private Secret readVariable(String name) {
        if (!VARIABLE.matcher(name).matches()) {
            throw settingValue.expected(
                    "environment variables with letters, digits and underscores that do not start with "
                            + EnvironmentVariableName.PREFIX);
        }
        return Secret.ofApiKey(environment.getOrDefault(name, ""))
                .orElseThrow(() -> new SettingsException(settingValue.label() + ": expected "
                        + TextFormat.API_KEY.expected() + " in the environment variable " + name));
    }

    private Path resolve(String target) {
        try {
            return base.resolve(target).normalize();
        } catch (InvalidPathException e) {
            throw settingValue.expected(EXPECTED);
        }
    }
}
