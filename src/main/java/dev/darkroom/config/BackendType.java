package dev.darkroom.config;

import java.net.URI;
import java.util.regex.Pattern;

/** Protocol of an AI server. */
public enum BackendType {
    OPENAI("/models"),
    AUTOMATIC1111("/sdapi/v1/samplers"),
    BFL("/v1/credits"),
    CALLBACK(null),
    COG("/health-check"),
    COMFYUI("/system_stats"),
    FAL("/health"),
    REPLICATE("/v1/account"),
    SD_SERVER("/sdcpp/v1/capabilities"),
    STABILITY("/v1/user/balance");

    /** Hosts of metered services with the OpenAI protocol. */
    private static final Pattern METERED_HOST = Pattern.compile(
            "api\\.openai\\.com|.+\\.openai\\.azure\\.com|.+\\.cognitiveservices\\.azure\\.com",
            Pattern.CASE_INSENSITIVE);

    private final String healthCheckPath;

    BackendType(String healthCheckPath) {
        this.healthCheckPath = healthCheckPath;
    }

    /** Returns the default path of a free GET below the URL; null for none. */
    String healthCheckPath() {
        return healthCheckPath;
    }

    /** Returns the maximum number of concurrent calls that the service accepts from an account. */
    int maxConcurrency() {
        return this == BFL ? 24 : Integer.MAX_VALUE;
    }

    /**
     * Returns whether every generation costs money.
     *
     * @param url null for the bundled simulator
     */
    boolean metered(URI url) {
        return this == BFL
                || this == FAL
                || this == REPLICATE
                || this == STABILITY
                || this == OPENAI
                        && url != null
                        && METERED_HOST.matcher(url.getHost()).matches();
    }
}
