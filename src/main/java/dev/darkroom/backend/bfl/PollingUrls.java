package dev.darkroom.backend.bfl;

import dev.darkroom.http.egress.OutboundUrl;
import dev.darkroom.http.egress.WhatwgUrl;
import java.net.URI;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Selects the URLs for polls, which get the API key. The response to a submission names a URL, often on a regional host. Accepts URLs
 * of the configured origin, and of all hosts of the vendor when the configured server is one of them. Immutable.
 *
 * @param base base URL of the AI server, without a trailing slash
 */
record PollingUrls(String base) {
    private static final Logger LOG = LoggerFactory.getLogger(PollingUrls.class);

    /** Domains of the vendor. Other domains may have hosts of several owners. */
    private static final List<String> VENDOR_DOMAINS = List.of(".bfl.ai", ".bfl.ml");

    private static final int HTTPS_PORT = 443;
    private static final int MAX_URL_LENGTH = 1_000;

    /** Returns the URL for polls of a task: the default one below the base unless that of the task is accepted. */
    OutboundUrl select(TaskReference task) {
        OutboundUrl defaultUrl = defaultUrl(task.id());
        String text = task.pollingUrl();
        WhatwgUrl parsed = text == null || text.length() > MAX_URL_LENGTH ? null : WhatwgUrl.parse(text);
        if (parsed == null) {
            return defaultUrl;
        }
        OutboundUrl url = parsed.toOutboundUrl();
        if (url.origin().equals(defaultUrl.origin()) || isVendor(url) && isVendor(defaultUrl)) {
            return url;
        }
        LOG.atDebug().addKeyValue("origin", url.origin()).log("polling URL rejected, base URL used");
        return defaultUrl;
    }

    /** Returns the task with the URL of {@link #select}, encoded; without one when it is the default URL. */
    TaskReference normalize(TaskReference task) {
        OutboundUrl url = select(task);
        return new TaskReference(task.id(), url.equals(defaultUrl(task.id())) ? null : url.origin() + url.target());
    }

    private OutboundUrl defaultUrl(String id) {
        return OutboundUrl.of(URI.create(base + "/v1/get_result?id=" + id));
    }

    private static boolean isVendor(OutboundUrl url) {
        return url.tls() && url.port() == HTTPS_PORT && VENDOR_DOMAINS.stream().anyMatch(url.host()::endsWith);
    }
}
