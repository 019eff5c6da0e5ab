package dev.darkroom.api.stream;

import dev.darkroom.api.contract.OperationContext;
import java.util.regex.Pattern;

/**
 * Reads the id of the last event that a reconnecting client received. A browser sends it in a header, and only when it
 * reconnects by itself; other clients may send it in the query. An invalid id counts as absent, since an EventSource never
 * reconnects after an error response.
 */
public final class LastEventId {
    public static final String HEADER = "Last-Event-ID";
    static final String QUERY = "last_event_id";

    private static final Pattern VERSION = Pattern.compile("[0-9]{1,18}");

    private LastEventId() {}

    /** Returns the id as the client sent it; null when absent or empty. The header takes precedence over the query. */
    public static String read(OperationContext operationContext) {
        String header = operationContext.parameter(HEADER);
        String id = header == null || header.isEmpty() ? operationContext.parameter(QUERY) : header;
        return id == null || id.isEmpty() ? null : id;
    }

    /** Returns the id as the version of a generation; null when it is not a version, or above {@code currentVersion}. */
    public static Long readVersion(OperationContext operationContext, long currentVersion) {
        String id = read(operationContext);
        if (id == null || !VERSION.matcher(id).matches()) {
            return null;
        }
        long version = Long.parseLong(id);
        return version > currentVersion ? null : version;
    }
}
