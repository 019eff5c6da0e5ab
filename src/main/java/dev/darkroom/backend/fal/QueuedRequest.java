package dev.darkroom.backend.fal;

import dev.darkroom.backend.http.BackendHttpClient;
import dev.darkroom.http.RequestTarget;
import dev.darkroom.http.egress.OutboundUrl;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * A request in the queue. Immutable.
 *
 * @param path below the base URL, without a leading slash: {@code {owner}/{app}/requests/{id}}. Darkroom stores it as the id of the job
 */
record QueuedRequest(String path) {
    /** Characters that need no encoding in a URL. Dots alone would name another path. */
    private static final String SEGMENT = "(?!\\.+(/|$))[A-Za-z0-9._-]{1,100}";

    private static final String ID = "[A-Za-z0-9_-]{1,100}";
    private static final String APP = SEGMENT + "(/" + SEGMENT + "){1,6}";
    private static final Pattern APP_PATTERN = Pattern.compile(APP);
    private static final Pattern ID_PATTERN = Pattern.compile(ID);
    private static final Pattern PATH_PATTERN = Pattern.compile(APP + "/requests/" + ID);
    private static final String STATUS = "/status";

    /** First segments of the apps that have a further segment in their name, see {@code parseEndpointId} in the client for npm. */
    private static final Set<String> NAMESPACES = Set.of("workflows", "comfy");

    /** Returns whether a model is the path of an app, such as {@code fal-ai/flux/dev}. */
    static boolean isApp(String model) {
        return APP_PATTERN.matcher(model).matches();
    }

    /** Returns whether a text is the id of a job that this protocol stored. */
    static boolean isPath(String text) {
        return text != null && PATH_PATTERN.matcher(text).matches();
    }

    /** Returns whether a text is the id of a request. */
    static boolean isId(String text) {
        return text != null && ID_PATTERN.matcher(text).matches();
    }

    /**
     * Returns the request of a submission, with the path of the returned status URL if that is below the base URL. Otherwise only the
     * owner and the name of the app precede the id: further segments of a model belong to the submission alone.
     *
     * @param model see {@link #isApp}
     * @param id see {@link #isId}
     * @param statusUrl untrusted; null when there is none
     */
    static QueuedRequest of(BackendHttpClient http, String model, String id, String statusUrl) {
        OutboundUrl returned = parseSameOrigin(http, statusUrl);
        String base = http.url("/").target();
        if (returned != null
                && returned.target().startsWith(base)
                && returned.target().endsWith("/requests/" + id + STATUS)) {
            String path = returned.target().substring(base.length());
            QueuedRequest request = new QueuedRequest(path.substring(0, path.length() - STATUS.length()));
            if (isPath(request.path())) {
                return request;
            }
        }
        List<String> segments = List.of(model.split("/"));
        int length = Math.min(segments.size(), NAMESPACES.contains(segments.get(0)) ? 3 : 2);
        return new QueuedRequest(String.join("/", segments.subList(0, length)) + "/requests/" + id);
    }

    RequestTarget statusTarget(BackendHttpClient http) {
        return http.target("/" + path + STATUS);
    }

    RequestTarget cancelTarget(BackendHttpClient http) {
        return http.target("/" + path + "/cancel");
    }

    /**
     * Returns the target of the result: the returned URL if it has the origin of the base URL.
     *
     * @param responseUrl untrusted; null when there is none
     */
    RequestTarget resultTarget(BackendHttpClient http, String responseUrl) {
        OutboundUrl returned = parseSameOrigin(http, responseUrl);
        return returned == null ? http.target("/" + path) : RequestTarget.configured(returned);
    }

    /** Returns null for a URL that is malformed, or that would send the credentials to another server. */
    private static OutboundUrl parseSameOrigin(BackendHttpClient http, String url) {
        try {
            URI uri = new URI(url == null ? "" : url);
            boolean web = "https".equals(uri.getScheme()) || "http".equals(uri.getScheme());
            OutboundUrl parsed = web && uri.getHost() != null ? OutboundUrl.of(uri) : null;
            return parsed != null && parsed.origin().equals(http.url("/").origin()) ? parsed : null;
        } catch (URISyntaxException e) {
            return null;
        }
    }
}
