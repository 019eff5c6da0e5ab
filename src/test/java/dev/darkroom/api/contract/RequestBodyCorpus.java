package dev.darkroom.api.contract;

import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Valid and invalid bodies of {@code POST /api/generation}, each with its expected errors. All validators are tested with the same bodies.
 */
public final class RequestBodyCorpus {
    /** One code point, two chars, four bytes. */
    private static final String EMOJI = "\uD83D\uDDFC";

    private static final String TEXT = "must be well-formed text without NUL, and not only white space";
    private static final String NAME_OR_VALUE = "must be well-formed text without NUL";

    private RequestBodyCorpus() {}

    /**
     * One body.
     *
     * @param name description
     * @param problems expected errors as pointer, space, detail; empty for a valid body
     */
    public record Case(String name, String body, List<String> problems) {

        @Override
        public String toString() {
            return name;
        }
    }

    /** Returns bodies that must be accepted. */
    public static List<Case> valid() {
        List<Case> cases = new ArrayList<>();
        valid(cases, "only a prompt", "{\"prompt\":\"x\"}");
        valid(cases, "white space around the JSON", "\r\n\t {\"prompt\" : \"x\"} \n");
        valid(cases, "32,000 letters", prompt("a".repeat(32_000)));
        valid(cases, "32,000 code points that are 64,000 chars", prompt(EMOJI.repeat(32_000)));
        valid(cases, "a prompt with line breaks and white space around", prompt(" \n\ta\u3000b\r\n "));
        valid(cases, "a prompt of one combining character", prompt("\u0301"));
        valid(cases, "control characters other than NUL", prompt("a\u0001\u001f\u007fb"));
        valid(cases, "a pair of surrogates as escapes", "{\"prompt\":\"\\ud83d\\uddfc\"}");
        valid(cases, "a replacement character, as a decoder makes of malformed bytes", prompt("a\uFFFDb"));
        valid(cases, "code points that are no characters", prompt("\uFFFE\uFFFF"));
        valid(
                cases,
                "a negative prompt of 32,000 code points",
                bodyWithField("negativePrompt", quote(EMOJI.repeat(32_000))));
        for (String side : List.of("width", "height")) {
            for (String value : List.of("64", "65", "2047", "2048", "512.0", "5.12e2", "51200E-2")) {
                valid(cases, side + " " + value, bodyWithField(side, value));
            }
        }
        for (String value : List.of("1", "10", "10.0")) {
            valid(cases, "count " + value, bodyWithField("count", value));
        }
        for (String value : List.of("0", "-0", "-0.0", "0e0", "2147483647", "2.147483647e9")) {
            valid(cases, "seed " + value, bodyWithField("seed", value));
        }
        valid(cases, "a model of one character", bodyWithField("model", "\"m\""));
        valid(cases, "a model of 200 characters", bodyWithField("model", quote("m".repeat(200))));
        valid(cases, "empty metadata", bodyWithField("metadata", "{}"));
        valid(cases, "16 pairs", bodyWithField("metadata", metadataPairs(16)));
        valid(cases, "a name of 64 code points", bodyWithField("metadata", metadataPair(EMOJI.repeat(64), "v")));
        valid(cases, "a value of 512 code points", bodyWithField("metadata", metadataPair("k", EMOJI.repeat(512))));
        valid(cases, "an empty value", bodyWithField("metadata", metadataPair("k", "")));
        valid(cases, "a name with slashes and quotes", bodyWithField("metadata", metadataPair("a/b~c\"d%", "v")));
        return cases;
    }

    /** Returns bodies that must be rejected, with the reasons. */
    public static List<Case> invalid() {
        List<Case> cases = new ArrayList<>();
        invalid(cases, "an empty object", "{}", "#/prompt is required");
        for (String value : List.of("null", "1", "true", "[\"x\"]", "{}")) {
            invalid(cases, "prompt " + value, "{\"prompt\":" + value + "}", "#/prompt must be a string");
            invalid(
                    cases,
                    "negativePrompt " + value,
                    bodyWithField("negativePrompt", value),
                    "#/negativePrompt must be a string");
        }
        addInvalidTexts(cases);
        for (String side : List.of("width", "height")) {
            addInvalidNumbers(
                    cases,
                    side,
                    "64",
                    List.of("63", "0", "-1", "-1e9"),
                    "2048",
                    List.of("2049", "1e9", "9".repeat(40)));
        }
        addInvalidNumbers(cases, "count", "1", List.of("0", "-4"), "10", List.of("11", "1e9"));
        addInvalidNumbers(
                cases, "seed", "0", List.of("-1", "-2147483648"), "2147483647", List.of("2147483648", "1e10"));
        invalid(cases, "model 5", bodyWithField("model", "5"), "#/model must be a string");
        invalid(cases, "model null", bodyWithField("model", "null"), "#/model must be a string");
        invalid(cases, "an empty model", bodyWithField("model", "\"\""), "#/model must not be empty");
        invalid(
                cases,
                "a model of 201 characters",
                bodyWithField("model", quote("m".repeat(201))),
                "#/model must be at most 200 characters long");
        addInvalidMetadata(cases);
        invalid(cases, "an unknown field", bodyWithField("size", "\"1x1\""), "#/size is not a known field");
        invalid(cases, "an unknown field that is null", bodyWithField("size", "null"), "#/size is not a known field");
        invalid(
                cases,
                "an unknown field with a strange name",
                bodyWithField("gr\u00f6\u00dfe/~x", "1"),
                "#/gr%C3%B6%C3%9Fe~1~0x is not a known field");
        invalid(
                cases,
                "a field in capitals",
                "{\"Prompt\":\"x\"}",
                "#/prompt is required",
                "#/Prompt is not a known field");
        invalid(
                cases,
                "several errors at once",
                "{\"prompt\":\"\",\"width\":63,\"count\":\"2\",\"metadata\":{\"k\":1},\"steps\":20}",
                "#/prompt must not be empty",
                "#/width must be at least 64",
                "#/count must be an integer",
                "#/metadata/k must be a string",
                "#/steps is not a known field");
        return cases;
    }

    private static void addInvalidTexts(List<Case> cases) {
        String[][] texts = {
            {"spaces", "   "},
            {"tabs", "\t\t"},
            {"line breaks", "\r\n"},
            {"ideographic spaces", "\u3000\u3000"},
            {"no-break spaces", "\u00a0\u202f"},
            {"other spaces", "\u1680\u2000\u2007\u200a\u205f\u0085\u2028\u2029\ufeff"},
            {"NUL", "a\u0000b"},
            {"a lone high surrogate", "a\ud800"},
            {"a lone low surrogate", "\udc00a"},
            {"a pair of surrogates in the wrong order", "\uddfc\ud83d"},
        };
        for (String[] text : texts) {
            invalid(cases, "prompt of " + text[0], prompt(text[1]), "#/prompt " + TEXT);
            invalid(
                    cases,
                    "negativePrompt of " + text[0],
                    bodyWithField("negativePrompt", quote(text[1])),
                    "#/negativePrompt " + TEXT);
        }
        for (String character : List.of("a", EMOJI)) {
            String tooLong = character.repeat(32_001);
            String rule = " must be at most 32000 characters long";
            invalid(cases, "prompt of 32,001 " + character, prompt(tooLong), "#/prompt" + rule);
            invalid(
                    cases,
                    "negativePrompt of 32,001 " + character,
                    bodyWithField("negativePrompt", quote(tooLong)),
                    "#/negativePrompt" + rule);
        }
        invalid(cases, "an empty prompt", prompt(""), "#/prompt must not be empty");
        invalid(
                cases,
                "an empty negativePrompt",
                bodyWithField("negativePrompt", "\"\""),
                "#/negativePrompt must not be empty");
    }

    private static void addInvalidNumbers(
            List<Case> cases,
            String field,
            String minimum,
            List<String> tooSmall,
            String maximum,
            List<String> tooLarge) {
        for (String value : List.of("null", "\"64\"", "true", "[1]", "{}", "1.5", "512.5", "1e400", "-1e400")) {
            invalid(cases, field + " " + value, bodyWithField(field, value), "#/" + field + " must be an integer");
        }
        for (String value : tooSmall) {
            invalid(
                    cases,
                    field + " " + value,
                    bodyWithField(field, value),
                    "#/" + field + " must be at least " + minimum);
        }
        for (String value : tooLarge) {
            invalid(
                    cases,
                    field + " " + value,
                    bodyWithField(field, value),
                    "#/" + field + " must be at most " + maximum);
        }
    }

    private static void addInvalidMetadata(List<Case> cases) {
        for (String value : List.of("null", "\"k=v\"", "[]", "1")) {
            invalid(cases, "metadata " + value, bodyWithField("metadata", value), "#/metadata must be an object");
        }
        for (String value : List.of("null", "1", "true", "[]", "{\"deeper\":\"v\"}")) {
            invalid(
                    cases,
                    "metadata with " + value,
                    bodyWithField("metadata", "{\"k\":" + value + "}"),
                    "#/metadata/k must be a string");
        }
        invalid(
                cases,
                "17 pairs",
                bodyWithField("metadata", metadataPairs(17)),
                "#/metadata must have at most 16 entries");
        invalid(
                cases,
                "a value of 513 characters",
                bodyWithField("metadata", metadataPair("k", "v".repeat(513))),
                "#/metadata/k must be at most 512 characters long");
        invalid(
                cases,
                "NUL in a value",
                bodyWithField("metadata", metadataPair("k", "a\u0000")),
                "#/metadata/k " + NAME_OR_VALUE);
        invalid(
                cases,
                "a lone surrogate in a value",
                bodyWithField("metadata", metadataPair("k", "\ud800")),
                "#/metadata/k " + NAME_OR_VALUE);
        invalid(
                cases,
                "an empty name",
                bodyWithField("metadata", metadataPair("", "v")),
                "#/metadata/ must have a name that is not empty");
        invalid(
                cases,
                "a name of 65 characters",
                bodyWithField("metadata", metadataPair("k".repeat(65), "v")),
                "#/metadata/" + "k".repeat(65) + " must have a name of at most 64 characters");
    }

    private static void valid(List<Case> cases, String name, String body) {
        cases.add(new Case(name, body, List.of()));
    }

    private static void invalid(List<Case> cases, String name, String body, String... problems) {
        cases.add(new Case(name, body, List.of(problems)));
    }

    private static String prompt(String text) {
        return "{\"prompt\":" + quote(text) + "}";
    }

    private static String bodyWithField(String field, String value) {
        return "{\"prompt\":\"x\"," + quote(field) + ":" + value + "}";
    }

    private static String metadataPair(String name, String value) {
        return "{" + quote(name) + ":" + quote(value) + "}";
    }

    private static String metadataPairs(int count) {
        JsonObject pairs = new JsonObject();
        IntStream.range(0, count).forEach(i -> pairs.put("k" + i, "v"));
        return pairs.encode();
    }

    /** Returns a JSON string. Escapes control characters, and lone surrogates, which UTF-8 cannot encode. */
    private static String quote(String text) {
        StringBuilder json = new StringBuilder("\"");
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c < 0x20 || (Character.isSurrogate(c) && !isSurrogatePair(text, i))) {
                json.append(String.format("\\u%04x", (int) c));
            } else if (c == '"' || c == '\\') {
                json.append('\\').append(c);
            } else {
                json.append(c);
            }
        }
        return json.append('"').toString();
    }

    private static boolean isSurrogatePair(String text, int i) {
        return Character.isHighSurrogate(text.charAt(i))
                ? i + 1 < text.length() && Character.isLowSurrogate(text.charAt(i + 1))
                : i > 0 && Character.isHighSurrogate(text.charAt(i - 1));
    }
}
