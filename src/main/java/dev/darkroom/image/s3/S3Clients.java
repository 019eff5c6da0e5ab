package dev.darkroom.image.s3;

import dev.darkroom.config.S3Settings;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.core.checksums.RequestChecksumCalculation;
import software.amazon.awssdk.core.checksums.ResponseChecksumValidation;
import software.amazon.awssdk.core.client.config.SdkAdvancedAsyncClientOption;
import software.amazon.awssdk.http.nio.netty.NettyNioAsyncHttpClient;
import software.amazon.awssdk.http.nio.netty.SdkEventLoopGroup;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3AsyncClient;
import software.amazon.awssdk.services.s3.S3AsyncClientBuilder;
import software.amazon.awssdk.services.s3.S3Configuration;
import software.amazon.awssdk.services.s3.presigner.S3Presigner;

/**
 * The clients of the AWS SDK for one object store.
 *
 * @param requests sends all requests except downloads
 * @param downloads has as many connections as there may be downloads
 */
record S3Clients(
        S3AsyncClient requests,
        S3AsyncClient downloads,
        S3Presigner presigner,
        SdkEventLoopGroup eventLoops,
        AwsCredentialsProvider credentials) {
    private static final int EVENT_LOOPS = 2;
    private static final int REQUEST_CONNECTIONS = 64;
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);
    private static final int MAX_WAITING_REQUESTS = 10_000;

    private static final int QUIET_MILLIS = 100;
    private static final int CLOSE_TIMEOUT_MILLIS = 1_000;

    /** The first attempt and two retries. The retry quota of the SDK reduces them while most requests fail. */
    private static final int MAX_ATTEMPTS = 3;

    /** The region in signatures for object stores without regions. */
    private static final Region DEFAULT_REGION = Region.US_EAST_1;

    /** Creates the clients. Blocking: reads configuration files of AWS, and may ask an instance for its region. */
    static S3Clients create(S3Settings settings) {
        AwsCredentialsProvider credentials = settings.accessKeyId() == null
                ? DefaultCredentialsProvider.builder().build()
                : StaticCredentialsProvider.create(AwsBasicCredentials.create(
                        settings.accessKeyId(), settings.secretAccessKey().value()));
        SdkEventLoopGroup eventLoops = SdkEventLoopGroup.builder()
                .numberOfThreads(EVENT_LOOPS)
                .threadFactory(namedThreads())
                .build();
        return new S3Clients(
                createClient(settings, credentials, eventLoops, REQUEST_CONNECTIONS),
                createClient(settings, credentials, eventLoops, settings.maxDownloads()),
                createPresigner(settings, credentials),
                eventLoops,
                credentials);
    }

    private static ThreadFactory namedThreads() {
        AtomicInteger count = new AtomicInteger();
        return task -> {
            Thread thread = new Thread(task, "darkroom-s3-" + count.getAndIncrement());
            thread.setDaemon(true);
            return thread;
        };
    }

    private static S3AsyncClient createClient(
            S3Settings settings, AwsCredentialsProvider credentials, SdkEventLoopGroup eventLoops, int connections) {
        S3AsyncClientBuilder builder = S3AsyncClient.builder()
                .credentialsProvider(credentials)
                .forcePathStyle(settings.pathStyle())
                // Some servers answer a request for 100 (Continue) in a way that the SDK takes for the final response.
                .serviceConfiguration(
                        S3Configuration.builder().expectContinueEnabled(false).build())
                // Uploads have a SHA-256, which the inspection of the image has computed.
                .requestChecksumCalculation(RequestChecksumCalculation.WHEN_REQUIRED)
                .responseChecksumValidation(ResponseChecksumValidation.WHEN_REQUIRED)
                .overrideConfiguration(
                        override -> override.retryStrategy(AwsRetryStrategy.standardRetryStrategy().toBuilder()
                                .maxAttempts(MAX_ATTEMPTS)
                                .build()))
                // S3Connection continues on the context of the caller.
                .asyncConfiguration(async -> async.advancedOption(
                        SdkAdvancedAsyncClientOption.FUTURE_COMPLETION_EXECUTOR, (Executor) Runnable::run))
                .httpClientBuilder(NettyNioAsyncHttpClient.builder()
                        .eventLoopGroup(eventLoops)
                        .maxConcurrency(connections)
                        .maxPendingConnectionAcquires(MAX_WAITING_REQUESTS)
                        .connectionAcquisitionTimeout(settings.timeout())
                        .connectionTimeout(CONNECT_TIMEOUT)
                        .readTimeout(settings.timeout())
                        .writeTimeout(settings.timeout())
                        .tcpKeepAlive(true));
        if (settings.endpoint() != null) {
            builder.endpointOverride(settings.endpoint());
        }
        Region region = region(settings);
        return (region == null ? builder : builder.region(region)).build();
    }

    private static S3Presigner createPresigner(S3Settings settings, AwsCredentialsProvider credentials) {
        S3Presigner.Builder builder = S3Presigner.builder()
                .credentialsProvider(credentials)
                .serviceConfiguration(S3Configuration.builder()
                        .pathStyleAccessEnabled(settings.pathStyle())
                        .build());
        if (settings.endpoint() != null) {
            builder.endpointOverride(settings.endpoint());
        }
        Region region = region(settings);
        return (region == null ? builder : builder.region(region)).build();
    }

    /** Returns null for the region that the SDK finds in the environment. */
    private static Region region(S3Settings settings) {
        if (settings.region() != null) {
            return Region.of(settings.region());
        }
        return settings.endpoint() == null ? null : DEFAULT_REGION;
    }

    /** Aborts running requests. Blocking. */
    void close() {
        requests.close();
        downloads.close();
        presigner.close();
        if (credentials instanceof AutoCloseable closeable) {
            try {
                closeable.close();
            } catch (Exception e) {
                // Only stops the refresh of credentials.
            }
        }
        // A connection that was just used submits tasks after the end of its request.
        eventLoops.eventLoopGroup().shutdownGracefully(QUIET_MILLIS, CLOSE_TIMEOUT_MILLIS, TimeUnit.MILLISECONDS);
    }
}
