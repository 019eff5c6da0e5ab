package dev.darkroom.api;

import java.util.regex.Pattern;

/**
 * What somebody who comes back to an event stream has heard last. A browser says it in a header, and only when it comes back; who knows
 * it from elsewhere says it in the query. What cannot be read counts as nothing: an error would keep an EventSource away for good.
 */
final class LastEventId {
    static final String HEADER = "Last-Event-ID";
    static final String QUERY = "last_event_id";

    private static final Pattern VERSION = Pattern.compile("[0-9]{1,18}");

    private LastEventId() {}

    /** As it was sent, null when it was not or is empty. The header wins. */
    static String of(Exchange exchange) {
        String header = exchange.parameter(HEADER);
        String id = header == null || header.isEmpty() ? exchange.parameter(QUERY) : header;
        return id == null || id.isEmpty() ? null : id;
    }

    /** As the version of a generation; null when it is none, or one that is still to come. */
    static Long version(Exchange exchange, long now) {
        String id = of(exchange);
        if (id == null || !VERSION.matcher(id).matches()) {
            return null;
        }
        long version = Long.parseLong(id);
        return version > now ? null : version;
    }
}
