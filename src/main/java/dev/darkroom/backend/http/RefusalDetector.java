package dev.darkroom.backend.http;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Finds refusals by content policy and exhausted quotas in any field of an error. Compares codes without case, punctuation
 * and a final "error", since AI servers and gateways spell them differently. Also searches messages, in which gateways quote
 * the code of the AI server.
 */
final class RefusalDetector {

    /** Reason of a refusal. */
    enum Kind {
        MODERATION,
        QUOTA
    }

    private static final Set<String> MODERATION_CODES = Set.of(
            "bannedprompt", // Midjourney proxies
            "bannedpromptdetected",
            "contentfilter", // OpenAI, Azure
            "contentfiltered", // Stability
            "contentmoderated", // BFL
            "contentmoderation",
            "contentpolicy",
            "contentpolicyblocked",
            "contentpolicyviolation", // OpenAI, fal, LiteLLM
            "contentviolation",
            "corruptprompt", // AI Horde
            "datainspectionfailed", // Alibaba
            "imagesafety", // Google
            "inputtextsensitivecontentdetected", // Volcengine
            "moderationblocked", // OpenAI
            "nsfwcontent",
            "nsfwcontentdetected",
            "nsfwdetected",
            "outputimagesensitivecontentdetected",
            "policyviolation",
            "prohibitedcontent", // Google
            "promptblocked",
            "requestmoderated", // BFL
            "responsibleaipolicyviolation", // Azure
            "safetyviolation",
            "safetyviolations",
            "sensitivecontentdetected",
            "sensitivewordsdetected", // one-api, new-api
            "unsafecontent");

    /** Ordinary words. They count only as the whole value of one of {@link #REASON_FIELDS}. */
    private static final Set<String> MODERATION_REASONS =
            Set.of("blocklist", "censored", "csam", "moderated", "nsfw", "safety", "spii");

    private static final Set<String> REASON_FIELDS = Set.of(
            "blockreason",
            "code",
            "errorcode",
            "finishreason",
            "raifilteredreason",
            "reason",
            "state",
            "status",
            "type");

    /** Messages of AI servers that gateways forward without the code. Each is too specific to occur in another error. */
    private static final Pattern MODERATION_SENTENCE = Pattern.compile(
            "(rejected|blocked) (as a result of|by) (our|the) safety system" // OpenAI
                    + "|content management policy" // Azure
                    + "|nsfw content (was )?detected|contain(s|ed) nsfw content" // models of Replicate
                    + "|(flagged as sensitive|content (was|has been) flagged)", // models of Replicate
            Pattern.CASE_INSENSITIVE);

    /** LiteLLM drops the code of OpenAI. Google uses the same sentence for rate limits, so the name of the exception belongs to it. */
    private static final Pattern QUOTA_SENTENCE = Pattern.compile("OpenAIException - You exceeded your current quota"
            + "|User is locked\\. Reason: (Exhausted balance|TOP_UP)"); // fal

    private static final Set<String> QUOTA_CODES = Set.of(
            "accountoverdue",
            "arrearage", // Alibaba
            "billinghardlimitreached", // OpenAI
            "billingnotactive",
            "budgetexceeded", // LiteLLM
            "creditbalanceexhausted",
            "exceededcurrentquota", // Moonshot
            "insufficientbalance",
            "insufficientcredit",
            "insufficientcredits",
            "insufficientfunds",
            "insufficientquota", // OpenAI
            "insufficientuserquota", // one-api, new-api
            "organizationspendlimitexceeded",
            "outofcredits",
            "projectspendlimitexceeded",
            "quotaexceeded",
            "quotaexhausted");

    /** Fields with text of the client or with images. */
    private static final Set<String> IGNORED_FIELDS =
            Set.of("b64json", "body", "input", "negativeprompt", "prompt", "revisedprompt", "url", "user");

    private static final Pattern PUNCTUATION = Pattern.compile("[^A-Za-z0-9]+");
    private static final Pattern CODE_SEPARATOR = Pattern.compile("[^A-Za-z0-9_-]+");
    private static final int MAX_DEPTH = 16;
    private static final int MAX_CODE_LENGTH = 80;

    private RefusalDetector() {}

    /**
     * Searches a JSON value or a text.
     *
     * @return null when it contains no refusal
     */
    static Kind find(Object json) {
        return find("", json, 0);
    }

    private static Kind find(String field, Object value, int depth) {
        if (depth > MAX_DEPTH || IGNORED_FIELDS.contains(field)) {
            return null;
        }
        Kind found = null;
        if (value instanceof JsonObject object) {
            for (Map.Entry<String, Object> entry : object) {
                found = mostSevere(found, find(normalize(entry.getKey()), entry.getValue(), depth + 1));
            }
        } else if (value instanceof JsonArray array) {
            for (Object entry : array) {
                found = mostSevere(found, find(field, entry, depth + 1));
            }
        } else if (value instanceof String text) {
            found = findInText(field, text);
        } else if (field.equals("filtered") && Boolean.TRUE.equals(value)) { // Azure, content_filter_results
            found = Kind.MODERATION;
        }
        return found;
    }

    /** Returns the refusal by content policy when there is one, since it is final. */
    private static Kind mostSevere(Kind one, Kind other) {
        return one == Kind.MODERATION || other == null ? one : other;
    }

    private static Kind findInText(String field, String text) {
        if (MODERATION_SENTENCE.matcher(text).find()) {
            return Kind.MODERATION;
        }
        if (QUOTA_SENTENCE.matcher(text).find()) {
            return Kind.QUOTA;
        }
        if (text.length() <= MAX_CODE_LENGTH) {
            String code = normalize(text);
            if (REASON_FIELDS.contains(field) && MODERATION_REASONS.contains(code)) {
                return Kind.MODERATION;
            }
            Kind whole = kindOfCode(code);
            if (whole != null) {
                return whole;
            }
        }
        Kind found = null;
        for (String word : CODE_SEPARATOR.split(text)) {
            // A code is one word. Adjacent words of a sentence are not joined.
            found = mostSevere(found, word.length() <= MAX_CODE_LENGTH ? kindOfCode(normalize(word)) : null);
        }
        return found;
    }

    private static Kind kindOfCode(String code) {
        return MODERATION_CODES.contains(code) ? Kind.MODERATION : QUOTA_CODES.contains(code) ? Kind.QUOTA : null;
    }

    private static String normalize(String text) {
        String plain = PUNCTUATION.matcher(text).replaceAll("").toLowerCase(Locale.ROOT);
        return plain.endsWith("error") ? plain.substring(0, plain.length() - "error".length()) : plain;
    }
}
