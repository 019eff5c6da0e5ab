package dev.darkroom.config;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;
import org.yaml.snakeyaml.error.MarkedYAMLException;

/**
 * Parses a YAML file into a flat map from path, such as {@code http.port}, to text, in file order. Keeps values as written and
 * ignores YAML types: {@code 010} stays {@code 010}, and a secret of digits keeps leading zeros. Accepts one document with plain
 * values in nested sections. Rejects lists, aliases and duplicate settings.
 */
final class SettingsFileParser {
    /** Messages of the YAML parser that may be shown. Others are hidden, because they may quote a part of a secret. */
    private static final Pattern SAFE_PARSER_MESSAGE = Pattern.compile("[A-Za-z ,.'<>:()@-]{1,120}");

    private final String name;
    private final Map<String, String> settings = new LinkedHashMap<>();

    private SettingsFileParser(String name) {
        this.name = name;
    }

    /**
     * @param name of the file in messages
     * @param yaml content of the file
     * @return path to text; the text is empty for a setting without value
     * @throws SettingsException when the content is not valid YAML or has another structure
     */
    static Map<String, String> parse(String name, String yaml) {
        return new SettingsFileParser(name).read(yaml);
    }

    private Map<String, String> read(String yaml) {
        try (YAMLParser parser = new YAMLFactory().createParser(yaml)) {
            JsonToken first = parser.nextToken();
            if (first == JsonToken.START_OBJECT) {
                readSection(parser, "");
            } else if (first != null && first != JsonToken.VALUE_NULL) {
                throw errorAt(parser, "expected settings such as \"retry:\" and below it \"initialDelay: 1s\"");
            }
            if (parser.nextToken() != null) {
                throw errorAt(parser, "expected a single YAML document");
            }
            return settings;
        } catch (JsonProcessingException e) {
            throw invalidYaml(e);
        } catch (IOException e) {
            throw new IllegalStateException("Reading from a string cannot fail", e);
        }
    }

    private void readSection(YAMLParser parser, String prefix) throws IOException {
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String path = prefix + parser.currentName();
            JsonToken token = parser.nextToken();
            if (token == JsonToken.START_OBJECT) {
                readSection(parser, path + ".");
            } else if (token == JsonToken.START_ARRAY) {
                throw errorAt(
                        parser, "expected a single value for \"" + SettingValue.toSingleLine(path) + "\", got a list");
            } else if (parser.isCurrentAlias()) {
                throw errorAt(
                        parser, "expected a value for \"" + SettingValue.toSingleLine(path) + "\", got a YAML alias");
            } else if (settings.put(path, token == JsonToken.VALUE_NULL ? "" : parser.getText()) != null) {
                throw errorAt(parser, "\"" + SettingValue.toSingleLine(path) + "\" is set twice");
            }
        }
    }

    private SettingsException errorAt(YAMLParser parser, String message) {
        return new SettingsException(
                name + ": line " + parser.currentTokenLocation().getLineNr() + ": " + message);
    }

    private SettingsException invalidYaml(JsonProcessingException e) {
        int line = e.getLocation() == null ? 1 : e.getLocation().getLineNr();
        String problem = "";
        // Jackson reports the last valid position. Its cause has the position and the reason of the error.
        if (e.getCause() instanceof MarkedYAMLException marked && marked.getProblemMark() != null) {
            line = marked.getProblemMark().getLine() + 1;
            problem = marked.getProblem() == null ? "" : marked.getProblem().replace("\\t(TAB)", "TAB");
        }
        String reason = SAFE_PARSER_MESSAGE.matcher(problem).matches() ? ": " + problem : "";
        return new SettingsException(name + ": line " + line + ": not valid YAML" + reason);
    }
}
