package dev.darkroom.config;

import dev.darkroom.config.SettingRules.DurationRange;
import dev.darkroom.config.SettingRules.Format;
import dev.darkroom.config.SettingRules.HttpUrl;
import dev.darkroom.config.SettingRules.NullIfEmpty;
import dev.darkroom.config.SettingRules.Range;
import java.net.URI;
import java.time.Duration;

/**
 * Bucket of an S3-compatible object store, for {@link ImageStoreType#S3}.
 *
 * @param bucket null when images are stored locally
 * @param prefix of all object keys, empty or ends in a slash
 * @param endpoint without a trailing slash; null for AWS
 * @param region null for that of the environment
 * @param pathStyle whether the bucket is in the path of URLs instead of the host name
 * @param accessKeyId null for the credentials of the environment, as for {@code secretAccessKey}
 * @param kmsKeyId null for the default key
 * @param storageClass null for the default
 * @param conditionalWrites whether uploads have the condition {@code If-None-Match}
 * @param maxDownloads maximum number of concurrent downloads of this process
 * @param timeout time without progress of a request
 * @param redirectLifetime of the URLs of {@link Delivery#REDIRECT}
 * @param redirectBaseUrl without a trailing slash; null for signed URLs of the endpoint
 */
public record S3Settings(
        @NullIfEmpty @Format(TextFormat.BUCKET) String bucket,
        @Format(TextFormat.OBJECT_PREFIX) String prefix,
        @NullIfEmpty @HttpUrl URI endpoint,
        @NullIfEmpty @Format(TextFormat.NAME) String region,
        boolean pathStyle,
        @NullIfEmpty @Format(TextFormat.API_KEY) String accessKeyId,
        @Format(TextFormat.API_KEY) Secret secretAccessKey,
        Encryption encryption,
        @NullIfEmpty @Format(TextFormat.API_KEY) String kmsKeyId,
        @NullIfEmpty @Format(TextFormat.STORAGE_CLASS) String storageClass,
        boolean conditionalWrites,
        @Range(min = 1, max = 10_000) int maxDownloads,
        @DurationRange(min = "1s", max = "10m") Duration timeout,
        Delivery delivery,

        @DurationRange(min = "1s", max = "168h", wholeSeconds = true)
        Duration redirectLifetime,

        @NullIfEmpty @HttpUrl URI redirectBaseUrl) {

    /** Server-side encryption of objects. */
    public enum Encryption {
        /** That of the bucket. */
        BUCKET,
        /** SSE-S3: keys of the object store. */
        SSE_S3,
        /** SSE-KMS: a key of the key management service. */
        SSE_KMS
    }

    /** How clients receive images. */
    public enum Delivery {
        /** Darkroom sends the bytes. */
        PROXY,
        /** Darkroom redirects to the bucket or its CDN. */
        REDIRECT
    }
}
