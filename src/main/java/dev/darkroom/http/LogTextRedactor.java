package dev.darkroom.http;

import dev.darkroom.config.Secret;
import java.util.List;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/**
 * Redacts error texts of servers for the log: no secrets, no control characters, one short line. Thread-safe.
 *
 * @param secrets returns the secrets to redact, each not empty; called for each text
 */
public record LogTextRedactor(Supplier<List<Secret>> secrets) {
    private static final int MAX_LENGTH = 300;
    /** Number of characters to process, so that a huge text costs little. */
    private static final int MAX_INPUT_LENGTH = 8 * 1024;

    private static final Pattern BEARER =
            Pattern.compile("(?i)\\b(bearer|basic|token)(\\s+|\\s*[:=]\\s*)[\\w.~+/=-]{6,}");
    private static final Pattern KEY = Pattern.compile("\\b(sk|pk|rk|api|key)[-_][\\w*-]{6,}");
    /** Long values of credential fields without one of the schemes above. */
    private static final Pattern CREDENTIAL_FIELD = Pattern.compile(
            "(?i)\\b(authorization|x-key|(?:x-)?api[-_]?key|cookie)([\"']?\\s*[:=]\\s*[\"']?)(?:key\\s+)?[^\\s\"'<>,;]{12,}");

    private static final Pattern USER_INFO = Pattern.compile("(?i)(\\b[a-z][a-z0-9+.-]*:(?:\\\\?/){2})[^/\\s@\"'<>]*@");
    private static final Pattern QUERY =
            Pattern.compile("(?i)(\\b[a-z][a-z0-9+.-]*:(?:\\\\?/){2}[^\\s?#\"'<>]*)[?#][^\\s\"'<>]*");
    /** Query of a request target, without scheme and host. */
    private static final Pattern TARGET_QUERY = Pattern.compile("\\?[\\w.%~+-]+=[^\\s\"'<>]*");
    /** Token in the path of a callback URL of Darkroom. */
    private static final Pattern CALLBACK_TOKEN = Pattern.compile("(/callbacks\\\\?/)[^\\s\"'<>?#,;]+");

    private static final Pattern CONTROL = Pattern.compile("[\\p{Cntrl}\\p{Cf}\\p{Zl}\\p{Zp}\\s]+");

    /** Returns the redacted text with at most 300 characters; null for null and for a text without printable characters. */
    public String redact(String original) {
        if (original == null) {
            return null;
        }
        String text = original;
        for (Secret secret : secrets.get()) {
            text = text.replace(secret.value(), "<redacted>");
        }
        text = CONTROL.matcher(truncate(text, MAX_INPUT_LENGTH)).replaceAll(" ").strip();
        text = USER_INFO.matcher(text).replaceAll("$1");
        text = QUERY.matcher(text).replaceAll("$1?<redacted>");
        text = TARGET_QUERY.matcher(text).replaceAll("?<redacted>");
        text = CALLBACK_TOKEN.matcher(text).replaceAll("$1<redacted>");
        text = BEARER.matcher(text).replaceAll("$1 <redacted>");
        text = CREDENTIAL_FIELD.matcher(text).replaceAll("$1$2<redacted>");
        text = KEY.matcher(text).replaceAll("<redacted>");
        text = truncate(text, MAX_LENGTH);
        return text.isEmpty() ? null : text;
    }

    private static String truncate(String text, int length) {
        if (text.length() <= length) {
            return text;
        }
        boolean splitsSurrogatePair = Character.isHighSurrogate(text.charAt(length - 1));
        return text.substring(0, splitsSurrogatePair ? length - 1 : length);
    }
}
