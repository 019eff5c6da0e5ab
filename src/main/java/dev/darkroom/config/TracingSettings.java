package dev.darkroom.config;

import dev.darkroom.config.SettingRules.Format;
import dev.darkroom.config.SettingRules.HttpUrl;
import dev.darkroom.config.SettingRules.NullIfEmpty;
import java.net.URI;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Traces of requests and generations.
 *
 * @param endpoint base URL of an OTLP/HTTP receiver; null when there are no traces
 * @param headers of the exports, see {@link #headerMap}
 * @param samplingRatio part of the traces that is exported, from 0 to 1
 * @param trustCallers whether the trace context of callers is continued
 */
public record TracingSettings(
        @NullIfEmpty @HttpUrl URI endpoint,
        @Format(TextFormat.HEADERS) Secret headers,
        double samplingRatio,
        boolean trustCallers,
        @Format(TextFormat.NAME) String serviceName) {

    /** Returns the headers of the exports. */
    public Map<String, String> headerMap() {
        Map<String, String> map = new LinkedHashMap<>();
        if (headers.isPresent()) {
            for (String header : headers.value().split(",")) {
                int separator = header.indexOf('=');
                map.put(
                        header.substring(0, separator).strip(),
                        header.substring(separator + 1).strip());
            }
        }
        return map;
    }
}
