package dev.darkroom.api.stream;

import dev.darkroom.api.contract.OperationContext;
import java.util.regex.Pattern;

/**
 * What somebody who comes back to an event stream has heard last. A browser says it in a header, and only when it comes back; who knows
 * it from elsewhere says it in the query. What cannot be read counts as nothing: an error would keep an EventSource away for good.
 */
public final class LastEventId {
    public static final String HEADER = "Last-Event-ID";
    static final String QUERY = "last_event_id";

    private static final Pattern VERSION = Pattern.compile("[0-9]{1,18}");

    private LastEventId() {}

    /** As it was sent, null when it was not or is empty. The header wins. */
    public static String read(OperationContext operationContext) {
        String header = operationContext.parameter(HEADER);
        String id = header == null || header.isEmpty() ? operationContext.parameter(QUERY) : header;
        return id == null || id.isEmpty() ? null : id;
    }

    /** As the version of a generation; null when it is none, or one that is still to come. */
    public static Long readVersion(OperationContext operationContext, long now) {
        String id = read(operationContext);
        if (id == null || !VERSION.matcher(id).matches()) {
            return null;
        }
        long version = Long.parseLong(id);
        return version > now ? null : version;
    }
}
