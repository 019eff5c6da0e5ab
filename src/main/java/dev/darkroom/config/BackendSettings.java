package dev.darkroom.config;

import dev.darkroom.config.SettingRules.DurationRange;
import dev.darkroom.config.SettingRules.Format;
import dev.darkroom.config.SettingRules.HttpUrl;
import dev.darkroom.config.SettingRules.Networks;
import dev.darkroom.config.SettingRules.NullIfEmpty;
import dev.darkroom.config.SettingRules.PathOf;
import dev.darkroom.config.SettingRules.Range;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * AI server and calls to it.
 *
 * @param url without a trailing slash, ends in {@code /v1} for {@link BackendType#OPENAI}; null for the bundled simulator
 * @param apiKey {@link Secret#NONE} when there is none
 * @param apiKeys further form of {@code apiKey}, for several keys; see {@link #keys}
 * @param apiKeyCooldown time for which a key without quota or permission is not used
 * @param model null when the AI server chooses
 * @param concurrency maximum number of concurrent calls of this process; 0 for that of the type and the worker
 * @param requestsPerMinute maximum number of calls of this process in a minute; 0 for no limit
 * @param maxPromptLength in code points, of the prompt and of the negative prompt
 * @param maxSide maximum width and height in pixels
 * @param maxCount number of images of one generation
 * @param maxInputImages number of images that a request is based on; 0 for none
 * @param sizes the only sizes of images, such as {@code 1024x1024}; empty for any
 * @param readLimits whether further limits are read from the AI server
 * @param imageFormats formats of images: some of png, jpeg, webp, avif
 * @param downloadNetworks networks for image downloads in addition to public addresses and the AI server; may be empty
 * @param requestFields optional fields to send; null when the model name decides
 * @param inputFields inputs of models of cog, fal and Replicate, see {@code InputFields}
 * @param pollInterval time between the first two polls of a job
 * @param parametersSchema absolute path of the JSON Schema of parameters; null when the AI server accepts none
 * @param workflow absolute path of the workflow template of a ComfyUI server; null for other types
 * @param prices price of an image by model, size and quality
 * @param usagePrices price of one unit of the usage that the AI server reports, by model and unit
 * @param dayBudget limit of the costs of a day; null for none
 * @param monthBudget limit of the costs of a month; null for none
 */
public record BackendSettings(
        BackendType type,
        @NullIfEmpty @HttpUrl(openAi = true) URI url,
        @Format(TextFormat.API_KEY) Secret apiKey,
        List<BackendKeySource> apiKeys,
        @DurationRange(min = "1s", max = "24h") Duration apiKeyCooldown,
        @NullIfEmpty @Format(TextFormat.MODEL) String model,
        @Format(TextFormat.NAME) String name,
        @Range(max = 1024) int concurrency,
        @Range(max = 10_000) int requestsPerMinute,
        AmbiguityPolicy onAmbiguous,
        @Range(min = 1, max = MAX_PROMPT_LENGTH) int maxPromptLength,
        @Range(min = MIN_SIDE, max = MAX_SIDE) int maxSide,
        @Range(min = 1, max = MAX_COUNT) int maxCount,
        @Range(max = MAX_INPUT_IMAGES) int maxInputImages,
        @Format(TextFormat.SIZES) List<String> sizes,
        @Format(TextFormat.IMAGE_FORMATS) List<String> imageFormats,
        boolean readLimits,
        Duration timeout,
        Duration connectTimeout,

        @Range(min = SettingRules.KIB, max = SettingRules.GIB)
        int maxResponseBytes,

        @Range(min = SettingRules.KIB, max = SettingRules.GIB)
        int maxImageBytes,

        @Range(min = 1, max = 10) int downloadAttempts,
        @Range(max = 20) int maxRedirects,
        @Networks List<String> downloadNetworks,
        Set<RequestField> requestFields,
        PromptSanitizing promptSanitizing,
        @Format(TextFormat.INPUT_FIELDS) String inputFields,
        @DurationRange(min = "50ms", max = "1m") Duration pollInterval,
        @NullIfEmpty @PathOf("a file") Path parametersSchema,
        @NullIfEmpty @PathOf("a file") Path workflow,
        PriceList prices,
        PriceList usagePrices,
        @NullIfEmpty Amount dayBudget,
        @NullIfEmpty Amount monthBudget,
        Breaker breaker) {
    /** Minimum width and height of images in pixels. */
    public static final int MIN_SIDE = 64;

    /** Limits of the contract, which are also the defaults. */
    static final int MAX_PROMPT_LENGTH = 32_000;

    static final int MAX_SIDE = 2048;
    static final int MAX_COUNT = 10;
    public static final int MAX_INPUT_IMAGES = 16;

    /** Returns the sources of the API keys, in their order; empty when there is none. */
    public List<BackendKeySource> keys() {
        return apiKey.isPresent()
                ? List.of(new BackendKeySource(BackendKeySource.DEFAULT_NAME, apiKey, null))
                : apiKeys;
    }

    /** Returns the path of a free GET below the URL, with a leading slash; null for none. */
    public String healthCheckPath() {
        String path = breaker.healthCheckPath();
        return Breaker.AUTO.equals(path) ? type.healthCheckPath() : path;
    }

    /**
     * Returns the maximum number of concurrent calls of this process.
     *
     * @param workerConcurrency limit of all AI servers together
     */
    public int maxConcurrency(int workerConcurrency) {
        return Math.min(concurrency == 0 ? type.maxConcurrency() : concurrency, workerConcurrency);
    }

    /** Returns the limits of the costs of all generations at this AI server. */
    public Budget budget() {
        return new Budget(dayBudget, monthBudget);
    }

    /** Returns whether an optional field is sent, for protocols in which no model name decides. */
    public boolean sends(RequestField field) {
        return requestFields == null || requestFields.contains(field);
    }

    /** Returns whether an attempt is repeated when it is unknown whether the AI server did the work. */
    public boolean repeatsAmbiguous() {
        return onAmbiguous == AmbiguityPolicy.AUTO ? !type.metered(url) : onAmbiguous == AmbiguityPolicy.RETRY;
    }

    /** Handling of a submission with an unknown outcome that cannot be looked up. */
    public enum AmbiguityPolicy {
        /** {@link #FAIL} for metered AI servers, {@link #RETRY} for others. */
        AUTO,
        /** Submits again. The work may be done twice. */
        RETRY,
        /** Fails the generation with {@code OUTCOME_UNKNOWN}. */
        FAIL
    }

    /** Request field that some AI servers reject. */
    public enum RequestField {
        N,
        SIZE,
        NEGATIVE_PROMPT,
        SEED,
        RESPONSE_FORMAT;

        /** Returns the name of the field in requests and in the setting. */
        public String text() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** Handling of control sequences in prompts that some AI servers execute. */
    public enum PromptSanitizing {
        REPLACE,
        PASS
    }

    /**
     * Circuit breaker of calls to the AI server.
     *
     * @param openDuration first open time
     * @param maxOpenDuration longest open time
     * @param healthCheckPath path below the AI server's URL, with a leading slash; {@link #AUTO} for that of the type; null for none
     */
    public record Breaker(
            Duration window,
            @Range(min = 1, max = 10_000) int minimumCalls,
            @Range(min = 1, max = 100) int failurePercent,
            @Range(min = 1, max = 10_000) int connectionFailures,
            Duration slowCallDuration,
            @Range(min = 1, max = 100) int slowCallPercent,
            Duration openDuration,
            Duration maxOpenDuration,
            @Range(min = 1, max = 100) int halfOpenCalls,
            @NullIfEmpty @Format(TextFormat.URL_PATH) String healthCheckPath) {
        static final String AUTO = "auto";
    }
}
