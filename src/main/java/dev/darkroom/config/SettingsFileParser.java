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
 * Reads YAML into flat settings: {@code retry.initialDelay} to the text that stands there, in the order of the file. Text as
 * written, not as YAML understands it: {@code 010} is not eight, and a secret of digits stays whole. One document of plain
 * values in nested sections; lists, aliases and repeated settings are refused.
 */
final class SettingsFileParser {
    /** What the parser says is shown when it speaks in words only; a tag it quotes could be part of a secret. */
    private static final Pattern SAFE_PARSER_MESSAGE = Pattern.compile("[A-Za-z ,.'<>:()@-]{1,120}");

    private final String name;
    private final Map<String, String> settings = new LinkedHashMap<>();

    private SettingsFileParser(String name) {
        this.name = name;
    }

    /**
     * @param name how messages call the file
     * @param yaml its content
     * @return path to text; empty text where nothing stands
     * @throws SettingsException when this is no YAML or of another shape
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
        // Jackson points at the last thing it understood; the cause knows where and why it stopped.
        if (e.getCause() instanceof MarkedYAMLException marked && marked.getProblemMark() != null) {
            line = marked.getProblemMark().getLine() + 1;
            problem = marked.getProblem() == null ? "" : marked.getProblem().replace("\\t(TAB)", "TAB");
        }
        String reason = SAFE_PARSER_MESSAGE.matcher(problem).matches() ? ": " + problem : "";
        return new SettingsException(name + ": line " + line + ": not valid YAML" + reason);
    }
}
