package dev.darkroom.docs;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Output of a command on a page, as a pattern. Varying values such as ids, times, hashes, signatures, cursors and sizes match any
 * value of the same format. A repeated id, hash, signature or cursor must have the same value again, also in later commands of
 * the page. {@code ...} and {@code …} match any text. JSON may be formatted. Headers may have any order, and the page may omit
 * some.
 */
final class ExpectedOutput {
    private static final String UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";
    private static final String TIME = "[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]+Z";

    /** Formats of varying values by name. The same text on the page must match the same value again. */
    private static final Map<String, String> BOUND_PATTERNS = new LinkedHashMap<>();

    /** Formats of varying values by name. Each occurrence is independent. */
    private static final Map<String, String> FREE_PATTERNS = new LinkedHashMap<>();

    static {
        BOUND_PATTERNS.put("uuid", UUID);
        BOUND_PATTERNS.put("hash", "[0-9a-f]{64}");
        BOUND_PATTERNS.put("query", "expires=[0-9]+&key=[0-9]+&signature=[A-Za-z0-9_-]+");
        BOUND_PATTERNS.put("cursor", "(?<![0-9a-f-])[0-9a-f]{8}-[0-9]+(?![0-9a-f-])");
        BOUND_PATTERNS.put("page", "(?<=\"nextCursor\":\"|cursor=)[A-Za-z0-9_-]{20,}");
        BOUND_PATTERNS.put("tag", "(?<=etag: )\"[^\"]+\"");
        BOUND_PATTERNS.put("secret", "whsec_[A-Za-z0-9+/]+=*");
        BOUND_PATTERNS.put("pid", "(?<=  Process    )[0-9]+");
        FREE_PATTERNS.put("time", TIME);
        FREE_PATTERNS.put(
                "number",
                "(?<=\"(?:seed|bytes|seq|unreadCount|lastSeq|retryMs|deadTuples)\":|[rt]=|port=|delayMs=|retry: |content-length: |seed |notification |"
                        + " at 127\\.0\\.0\\.1:)[0-9]+");
        FREE_PATTERNS.put("seconds", "[0-9]+\\.[0-9]{3}(?= s)");
        FREE_PATTERNS.put("size", "[0-9]+(?= bytes)");
        FREE_PATTERNS.put("folder", "[0-9a-f]{2}(?=/" + UUID + ")");
        FREE_PATTERNS.put("release", "(?<=Darkroom )[A-Za-z0-9.-]+(?= is ready)");
    }

    private static final Pattern TOKEN = token();

    private final String text;

    ExpectedOutput(String text) {
        this.text = text;
    }

    /** Values of this run by their text on the page. */
    static final class Bindings {
        private final Map<String, String> values = new HashMap<>();

        void put(String shown, String actual) {
            values.put(shown, actual);
        }

        /** Replaces texts of the page by values of this run, longest texts first, since one may contain another. */
        String insertInto(String command) {
            String result = command;
            for (String shown : values.keySet().stream()
                    .sorted((one, other) -> other.length() - one.length())
                    .toList()) {
                result = result.replace(shown, values.get(shown));
            }
            return result;
        }
    }

    private static Pattern token() {
        List<String> alternatives = new ArrayList<>();
        BOUND_PATTERNS.forEach((name, form) -> alternatives.add("(?<" + name + ">" + form + ")"));
        FREE_PATTERNS.forEach((name, form) -> alternatives.add("(?<" + name + ">" + form + ")"));
        alternatives.add("(?<gap>\\.\\.\\.|…)");
        return Pattern.compile(String.join("|", alternatives));
    }

    /**
     * Returns whether the actual output matches. Adds the values to {@code bindings} if it does.
     *
     * @param prefix whether more output may follow
     */
    boolean matches(String actual, boolean prefix, Bindings bindings) {
        String shown = text.strip();
        String got = actual.strip();
        Bindings copy = new Bindings();
        copy.values.putAll(bindings.values);
        if (shown.startsWith("HTTP/")) {
            String[] expected = splitHead(shown);
            String[] received = splitHead(got);
            for (String line : expected[0].lines().toList()) {
                if (!line.equals("...")
                        && received[0]
                                .lines()
                                .noneMatch(header -> matches(lowerName(line), lowerName(header), false, copy))) {
                    return false;
                }
            }
            shown = expected[1];
            got = received[1];
            if (shown.isEmpty()) {
                bindings.values.putAll(copy.values);
                return true;
            }
        }
        boolean same = matches(compactJson(shown), compactJson(got), prefix, copy);
        if (same) {
            bindings.values.putAll(copy.values);
        }
        return same;
    }

    private static boolean matches(String expected, String actual, boolean prefix, Bindings bindings) {
        List<String> bound = new ArrayList<>();
        Matcher matcher = pattern(expected, bindings, bound).matcher(actual);
        if (!(prefix ? matcher.lookingAt() : matcher.matches())) {
            return false;
        }
        for (int i = 0; i < bound.size(); i++) {
            bindings.put(bound.get(i), matcher.group("bound" + i));
        }
        return true;
    }

    private static Pattern pattern(String expected, Bindings bindings, List<String> bound) {
        StringBuilder regex = new StringBuilder();
        Matcher token = TOKEN.matcher(expected);
        int from = 0;
        while (token.find()) {
            regex.append(Pattern.quote(expected.substring(from, token.start())));
            regex.append(patternOf(token, bindings, bound));
            from = token.end();
        }
        regex.append(Pattern.quote(expected.substring(from)));
        return Pattern.compile(regex.toString(), Pattern.DOTALL);
    }

    private static String patternOf(Matcher token, Bindings bindings, List<String> bound) {
        if (token.group("gap") != null) {
            return ".*?";
        }
        for (Map.Entry<String, String> free : FREE_PATTERNS.entrySet()) {
            if (token.group(free.getKey()) != null) {
                return free.getValue();
            }
        }
        String shown = token.group();
        String known = bindings.values.get(shown);
        if (known != null) {
            return Pattern.quote(known);
        }
        if (bound.contains(shown)) {
            return "\\k<bound" + bound.indexOf(shown) + ">";
        }
        String name = BOUND_PATTERNS.keySet().stream()
                .filter(each -> token.group(each) != null)
                .findFirst()
                .orElseThrow();
        bound.add(shown);
        return "(?<bound" + (bound.size() - 1) + ">" + BOUND_PATTERNS.get(name) + ")";
    }

    private static String[] splitHead(String response) {
        String[] parts = response.split("\r?\n\r?\n", 2);
        return new String[] {parts[0].replace("\r", ""), parts.length == 2 ? parts[1].strip() : ""};
    }

    private static String lowerName(String header) {
        int colon = header.indexOf(": ");
        return colon < 0 ? header : header.substring(0, colon).toLowerCase(Locale.ROOT) + header.substring(colon);
    }

    /** Removes white space between JSON tokens, or at the end of lines of other text. */
    private static String compactJson(String text) {
        if (!text.startsWith("{") && !text.startsWith("[")) {
            return text.replaceAll("[ \t\r]+\n", "\n");
        }
        StringBuilder compact = new StringBuilder();
        boolean inString = false;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (inString && c == '\\') {
                compact.append(c).append(text.charAt(++i));
                continue;
            }
            if (c == '"') {
                inString = !inString;
            }
            if (inString || !Character.isWhitespace(c)) {
                compact.append(c);
            }
        }
        return compact.toString();
    }
}
