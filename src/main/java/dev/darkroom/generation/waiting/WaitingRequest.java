package dev.darkroom.generation.waiting;

import dev.darkroom.config.Settings;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HexFormat;
import java.util.UUID;
import org.apache.commons.codec.digest.DigestUtils;

/**
 * HTTP request whose connection waits for the end of its generation. When the connection breaks, a retry of the client may attach to the
 * generation. Immutable.
 *
 * @param connectionId a new id for each request
 * @param processId the process that has the connection, as in the table of nodes
 * @param retryCount number of requests that the client has sent before for the same call, 0 for the first one
 * @param clientAddress as for rate limits
 * @param bodyDigest SHA-256 of the operation and the members of the body, lower-case hex
 */
public record WaitingRequest(
        UUID connectionId, UUID processId, int retryCount, String clientAddress, String bodyDigest) {

    /**
     * Time after a disconnection in which a retry attaches. The SDKs of OpenAI retry after at most 60 s, and after at most twice that time
     * when the first retry does not reach the service.
     */
    public static final Duration RETRY_WINDOW = Duration.ofMinutes(2);

    /** Returns the longest time that the search for the generation of a retry takes, besides its statements. */
    public static Duration maxSearchTime(Settings.Node nodeSettings) {
        return nodeSettings.ttl().multipliedBy(2);
    }

    /** Returns whether the client has sent the same call before. */
    public boolean isRetry() {
        return retryCount > 0;
    }

    /** Returns the SHA-256 of the user, the client address and the body, which all requests of a call have in common. */
    public String callerDigest(String userId) {
        return sha256(userId, clientAddress, bodyDigest);
    }

    /** Returns the SHA-256 of a list of texts, in lower-case hex. Different lists have different digests. */
    public static String sha256(String... texts) {
        MessageDigest sha256 = DigestUtils.getSha256Digest();
        for (String text : texts) {
            byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
            // The length separates the texts.
            sha256.update((bytes.length + ":").getBytes(StandardCharsets.UTF_8));
            sha256.update(bytes);
        }
        return HexFormat.of().formatHex(sha256.digest());
    }
}
