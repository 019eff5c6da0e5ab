package dev.darkroom.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.RecordComponent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Checks that the default file, the record components and the environment variables define the same settings. */
class SettingsConsistencyTest {

    @Test
    void componentsMatchSettingsInOrder() {
        assertThat(componentPaths(Settings.class, ""))
                .containsExactlyElementsOf(SettingsLoader.defaults().keySet());
    }

    @Test
    void environmentVariablesAreUnique() {
        // when
        List<String> names = SettingsLoader.defaults().keySet().stream()
                .map(EnvironmentVariableName::of)
                .toList();

        // then
        assertThat(names).doesNotHaveDuplicates().doesNotContain(EnvironmentVariableName.SETTINGS_FILE_VARIABLE);
    }

    @Test
    void everySettingHasATestRow() throws NoSuchMethodException {
        // given
        CsvSource rows = SettingsConsistencyTest.class
                .getDeclaredMethod(
                        "environmentVariableSetsComponent", String.class, String.class, String.class, String.class)
                .getAnnotation(CsvSource.class);

        // then
        assertThat(rows.value())
                .extracting(row -> row.split(",", 2)[0])
                .containsExactlyElementsOf(SettingsLoader.defaults().keySet());
    }

    @ParameterizedTest
    @CsvSource({
        "publicUrl, DARKROOM_PUBLIC_URL, https://images.example.org/darkroom, https://images.example.org/darkroom",
        "dataDir, DARKROOM_DATA_DIR, /var/lib/darkroom, /var/lib/darkroom",
        "imageDir, DARKROOM_IMAGE_DIR, /mnt/images, /mnt/images",
        "imageStore, DARKROOM_IMAGE_STORE, s3, S3",
        "s3.bucket, DARKROOM_S3_BUCKET, images, images",
        "s3.prefix, DARKROOM_S3_PREFIX, darkroom/, darkroom/",
        "s3.endpoint, DARKROOM_S3_ENDPOINT, http://127.0.0.1:9000/, http://127.0.0.1:9000",
        "s3.region, DARKROOM_S3_REGION, eu-central-1, eu-central-1",
        "s3.pathStyle, DARKROOM_S3_PATH_STYLE, true, true",
        "s3.accessKeyId, DARKROOM_S3_ACCESS_KEY_ID, AKIA, AKIA",
        "s3.secretAccessKey, DARKROOM_S3_SECRET_ACCESS_KEY, secret, <redacted>",
        "s3.encryption, DARKROOM_S3_ENCRYPTION, sse_kms, SSE_KMS",
        "s3.kmsKeyId, DARKROOM_S3_KMS_KEY_ID, alias/images, alias/images",
        "s3.storageClass, DARKROOM_S3_STORAGE_CLASS, STANDARD_IA, STANDARD_IA",
        "s3.conditionalWrites, DARKROOM_S3_CONDITIONAL_WRITES, false, false",
        "s3.maxDownloads, DARKROOM_S3_MAX_DOWNLOADS, 10, 10",
        "s3.timeout, DARKROOM_S3_TIMEOUT, 10s, 10s",
        "s3.delivery, DARKROOM_S3_DELIVERY, redirect, REDIRECT",
        "s3.redirectLifetime, DARKROOM_S3_REDIRECT_LIFETIME, 5m, 5m",
        "s3.redirectBaseUrl, DARKROOM_S3_REDIRECT_BASE_URL, https://cdn.example.org/, https://cdn.example.org",
        "auth, DARKROOM_AUTH, required, REQUIRED",
        "allowUnauthenticatedRemote, DARKROOM_ALLOW_UNAUTHENTICATED_REMOTE, true, true",
        "jwt.issuer, DARKROOM_JWT_ISSUER, https://login.example.org/, https://login.example.org/",
        "jwt.audience, DARKROOM_JWT_AUDIENCE, darkroom, darkroom",
        "jwt.jwksUrl, DARKROOM_JWT_JWKS_URL, HTTPS://login.example.org/jwks/, https://login.example.org/jwks/",
        "jwt.publicKeyFile, DARKROOM_JWT_PUBLIC_KEY_FILE, /etc/darkroom/issuer.pem, /etc/darkroom/issuer.pem",
        "jwt.clockSkew, DARKROOM_JWT_CLOCK_SKEW, 0s, 0ms",
        "jwt.userClaim, DARKROOM_JWT_USER_CLAIM, email, email",
        "jwt.adminClaim, DARKROOM_JWT_ADMIN_CLAIM, groups, groups",
        "jwt.adminValue, DARKROOM_JWT_ADMIN_VALUE, darkroom admins, darkroom admins",
        "imageUrls.lifetime, DARKROOM_IMAGE_URLS_LIFETIME, 2h, 2h",
        "http.host, DARKROOM_HTTP_HOST, ::1, ::1",
        "http.port, DARKROOM_HTTP_PORT, 9090, 9090",
        "http.maxBodyBytes, DARKROOM_HTTP_MAX_BODY_BYTES, 2048, 2048",
        "http.idleTimeout, DARKROOM_HTTP_IDLE_TIMEOUT, 61s, 61s",
        "http.requestTimeout, DARKROOM_HTTP_REQUEST_TIMEOUT, 7s, 7s",
        "http.corsOrigins, DARKROOM_HTTP_CORS_ORIGINS, https://app.example.org, [https://app.example.org]",
        "http.allowedHosts, DARKROOM_HTTP_ALLOWED_HOSTS, darkroom, [darkroom]",
        "http.tls.certFile, DARKROOM_HTTP_TLS_CERT_FILE, /etc/darkroom/cert.pem, /etc/darkroom/cert.pem",
        "http.tls.keyFile, DARKROOM_HTTP_TLS_KEY_FILE, /etc/darkroom/key.pem, /etc/darkroom/key.pem",
        "http.tls.reloadInterval, DARKROOM_HTTP_TLS_RELOAD_INTERVAL, 2m, 2m",
        "connections.max, DARKROOM_CONNECTIONS_MAX, 10, 10",
        "connections.perAddress, DARKROOM_CONNECTIONS_PER_ADDRESS, 11, 11",
        "connections.http2ClearText, DARKROOM_CONNECTIONS_HTTP2_CLEAR_TEXT, true, true",
        "management.host, DARKROOM_MANAGEMENT_HOST, ::1, ::1",
        "management.port, DARKROOM_MANAGEMENT_PORT, 9091, 9091",
        "simulator.port, DARKROOM_SIMULATOR_PORT, 9092, 9092",
        "simulator.latency, DARKROOM_SIMULATOR_LATENCY, 11ms, 11ms",
        "web.enabled, DARKROOM_WEB_ENABLED, false, false",
        "api.instances, DARKROOM_API_INSTANCES, 7, 7",
        "api.replyTimeout, DARKROOM_API_REPLY_TIMEOUT, 9s, 9s",
        "limits.requestsPerSecond, DARKROOM_LIMITS_REQUESTS_PER_SECOND, 0, 0",
        "limits.burst, DARKROOM_LIMITS_BURST, 1, 1",
        "limits.failedLoginsPerMinute, DARKROOM_LIMITS_FAILED_LOGINS_PER_MINUTE, 0, 0",
        "limits.anonymousPerSecond, DARKROOM_LIMITS_ANONYMOUS_PER_SECOND, 0, 0",
        "limits.anonymousBurst, DARKROOM_LIMITS_ANONYMOUS_BURST, 2, 2",
        "generation.instances, DARKROOM_GENERATION_INSTANCES, 3, 3",
        "generation.deadline, DARKROOM_GENERATION_DEADLINE, 1s, 1s",
        "generation.defaultWidth, DARKROOM_GENERATION_DEFAULT_WIDTH, 65, 65",
        "generation.defaultHeight, DARKROOM_GENERATION_DEFAULT_HEIGHT, 66, 66",
        "generation.defaultCount, DARKROOM_GENERATION_DEFAULT_COUNT, 2, 2",
        "generation.maxWait, DARKROOM_GENERATION_MAX_WAIT, 10s, 10s",
        "generation.maxPendingPerUser, DARKROOM_GENERATION_MAX_PENDING_PER_USER, 7, 7",
        "generation.maxPerDayPerUser, DARKROOM_GENERATION_MAX_PER_DAY_PER_USER, 8, 8",
        "generation.maxQueueSize, DARKROOM_GENERATION_MAX_QUEUE_SIZE, 9, 9",
        "inputImages.maxBytes, DARKROOM_INPUT_IMAGES_MAX_BYTES, 1024, 1024",
        "inputImages.maxPixels, DARKROOM_INPUT_IMAGES_MAX_PIXELS, 4096, 4096",
        "inputImages.uploadTtl, DARKROOM_INPUT_IMAGES_UPLOAD_TTL, 1s, 1s",
        "inputImages.uploadTimeout, DARKROOM_INPUT_IMAGES_UPLOAD_TIMEOUT, 5s, 5s",
        "inputImages.maxUploadsPerUser, DARKROOM_INPUT_IMAGES_MAX_UPLOADS_PER_USER, 1, 1",
        "inputImages.maxUploadBytesPerUser, DARKROOM_INPUT_IMAGES_MAX_UPLOAD_BYTES_PER_USER, 2048, 2048",
        "inputImages.allowedNetworks, DARKROOM_INPUT_IMAGES_ALLOWED_NETWORKS, 10.1.0.0/16, [10.1.0.0/16]",
        "inputImages.allowHttp, DARKROOM_INPUT_IMAGES_ALLOW_HTTP, true, true",
        "notifications.retention, DARKROOM_NOTIFICATIONS_RETENTION, 24h, 24h",
        "notifications.pollInterval, DARKROOM_NOTIFICATIONS_POLL_INTERVAL, 14ms, 14ms",
        "streams.perUser, DARKROOM_STREAMS_PER_USER, 3, 3",
        "streams.perProcess, DARKROOM_STREAMS_PER_PROCESS, 4, 4",
        "streams.connectsPerSecond, DARKROOM_STREAMS_CONNECTS_PER_SECOND, 5, 5",
        "streams.connectsPerSecondPerAddress, DARKROOM_STREAMS_CONNECTS_PER_SECOND_PER_ADDRESS, 6, 6",
        "streams.revalidateInterval, DARKROOM_STREAMS_REVALIDATE_INTERVAL, 6s, 6s",
        "streams.slowConsumerTimeout, DARKROOM_STREAMS_SLOW_CONSUMER_TIMEOUT, 7s, 7s",
        "openai.jsonKeepAlive, DARKROOM_OPENAI_JSON_KEEP_ALIVE, 20s, 20s",
        "worker.concurrency, DARKROOM_WORKER_CONCURRENCY, 3, 3",
        "worker.pollInterval, DARKROOM_WORKER_POLL_INTERVAL, 12ms, 12ms",
        "retry.initialDelay, DARKROOM_RETRY_INITIAL_DELAY, 13ms, 13ms",
        "retry.maxDelay, DARKROOM_RETRY_MAX_DELAY, 2h, 2h",
        "retry.maxAttempts, DARKROOM_RETRY_MAX_ATTEMPTS, 6, 6",
        "retry.maxUncountedAttempts, DARKROOM_RETRY_MAX_UNCOUNTED_ATTEMPTS, 8, 8",
        "retry.maxLostAttempts, DARKROOM_RETRY_MAX_LOST_ATTEMPTS, 7, 7",
        "retry.maxRetryAfter, DARKROOM_RETRY_MAX_RETRY_AFTER, 11m, 11m",
        "backend.type, DARKROOM_BACKEND_TYPE, automatic1111, AUTOMATIC1111",
        "backend.url, DARKROOM_BACKEND_URL, http://10.0.0.1:8000/v1, http://10.0.0.1:8000/v1",
        "backend.apiKey, DARKROOM_BACKEND_API_KEY, sk-secret, <redacted>",
        "backend.apiKeys, DARKROOM_BACKEND_API_KEYS, a=file:/x, '[BackendKeySource[name=a, value=<none>, file=/x]]'",
        "backend.apiKeyCooldown, DARKROOM_BACKEND_API_KEY_COOLDOWN, 9m, 9m",
        "backend.model, DARKROOM_BACKEND_MODEL, flux schnell, flux schnell",
        "backend.name, DARKROOM_BACKEND_NAME, gpu-1, gpu-1",
        "backend.concurrency, DARKROOM_BACKEND_CONCURRENCY, 1, 1",
        "backend.requestsPerMinute, DARKROOM_BACKEND_REQUESTS_PER_MINUTE, 9, 9",
        "backend.onAmbiguous, DARKROOM_BACKEND_ON_AMBIGUOUS, fail, FAIL",
        "backend.maxPromptLength, DARKROOM_BACKEND_MAX_PROMPT_LENGTH, 300, 300",
        "backend.maxSide, DARKROOM_BACKEND_MAX_SIDE, 1024, 1024",
        "backend.maxCount, DARKROOM_BACKEND_MAX_COUNT, 2, 2",
        "backend.maxInputImages, DARKROOM_BACKEND_MAX_INPUT_IMAGES, 0, 0",
        "backend.sizes, DARKROOM_BACKEND_SIZES, '1024x1024, 1536x1024', '[1024x1024, 1536x1024]'",
        "backend.imageFormats, DARKROOM_BACKEND_IMAGE_FORMATS, 'png, webp', '[png, webp]'",
        "backend.readLimits, DARKROOM_BACKEND_READ_LIMITS, false, false",
        "backend.timeout, DARKROOM_BACKEND_TIMEOUT, 14s, 14s",
        "backend.connectTimeout, DARKROOM_BACKEND_CONNECT_TIMEOUT, 15s, 15s",
        "backend.maxResponseBytes, DARKROOM_BACKEND_MAX_RESPONSE_BYTES, 1024, 1024",
        "backend.maxImageBytes, DARKROOM_BACKEND_MAX_IMAGE_BYTES, 1073741824, 1073741824",
        "backend.downloadAttempts, DARKROOM_BACKEND_DOWNLOAD_ATTEMPTS, 4, 4",
        "backend.maxRedirects, DARKROOM_BACKEND_MAX_REDIRECTS, 0, 0",
        "backend.downloadNetworks, DARKROOM_BACKEND_DOWNLOAD_NETWORKS, 'fd00::/8, 10.1.0.0/16', '[fd00::/8, 10.1.0.0/16]'",
        "backend.requestFields, DARKROOM_BACKEND_REQUEST_FIELDS, 'size, n', '[N, SIZE]'",
        "backend.promptSanitizing, DARKROOM_BACKEND_PROMPT_SANITIZING, pass, PASS",
        "backend.inputFields, DARKROOM_BACKEND_INPUT_FIELDS, 'prompt, num_outputs=num_images', 'prompt, num_outputs=num_images'",
        "backend.pollInterval, DARKROOM_BACKEND_POLL_INTERVAL, 250ms, 250ms",
        "backend.parametersSchema, DARKROOM_BACKEND_PARAMETERS_SCHEMA, /etc/darkroom/p.json, /etc/darkroom/p.json",
        "backend.workflow, DARKROOM_BACKEND_WORKFLOW, /etc/darkroom/flux.json, /etc/darkroom/flux.json",
        "backend.prices, DARKROOM_BACKEND_PRICES, 'flux high=0.5', 'PriceList[rules=[Rule[model=flux, terms=[high], price=0.5]]]'",
        "backend.usagePrices, DARKROOM_BACKEND_USAGE_PRICES, '* credits=0.01', 'PriceList[rules=[Rule[model=null, terms=[credits], price=0.01]]]'",
        "backend.dayBudget, DARKROOM_BACKEND_DAY_BUDGET, 2.50, 2.5",
        "backend.monthBudget, DARKROOM_BACKEND_MONTH_BUDGET, 300, 300",
        "backend.breaker.window, DARKROOM_BACKEND_BREAKER_WINDOW, 16s, 16s",
        "backend.breaker.minimumCalls, DARKROOM_BACKEND_BREAKER_MINIMUM_CALLS, 11, 11",
        "backend.breaker.failurePercent, DARKROOM_BACKEND_BREAKER_FAILURE_PERCENT, 60, 60",
        "backend.breaker.connectionFailures, DARKROOM_BACKEND_BREAKER_CONNECTION_FAILURES, 12, 12",
        "backend.breaker.slowCallDuration, DARKROOM_BACKEND_BREAKER_SLOW_CALL_DURATION, 18s, 18s",
        "backend.breaker.slowCallPercent, DARKROOM_BACKEND_BREAKER_SLOW_CALL_PERCENT, 70, 70",
        "backend.breaker.openDuration, DARKROOM_BACKEND_BREAKER_OPEN_DURATION, 17s, 17s",
        "backend.breaker.maxOpenDuration, DARKROOM_BACKEND_BREAKER_MAX_OPEN_DURATION, 18m, 18m",
        "backend.breaker.halfOpenCalls, DARKROOM_BACKEND_BREAKER_HALF_OPEN_CALLS, 2, 2",
        "backend.breaker.healthCheckPath, DARKROOM_BACKEND_BREAKER_HEALTH_CHECK_PATH, /health, /health",
        "accounting.currency, DARKROOM_ACCOUNTING_CURRENCY, EUR, EUR",
        "accounting.userDayBudget, DARKROOM_ACCOUNTING_USER_DAY_BUDGET, 0.000001, 0.000001",
        "accounting.userMonthBudget, DARKROOM_ACCOUNTING_USER_MONTH_BUDGET, 0, 0",
        "accounting.userBudgets, DARKROOM_ACCOUNTING_USER_BUDGETS, a@example.org=1/-, 'UserBudgets[byUser={a@example.org=Budget[day=1, month=null]}]'",
        "outbound.maxHeaderBytes, DARKROOM_OUTBOUND_MAX_HEADER_BYTES, 16384, 16384",
        "database.url, DARKROOM_DATABASE_URL, postgresql://u:p@db/d, 'DatabaseUrl[servers=[db:5432], database=d, user=u, password=<redacted>, tls=Tls[mode=DISABLE, rootCertificates=null], targetSession=READ_WRITE]'",
        "database.directUrl, DARKROOM_DATABASE_DIRECT_URL, postgresql://u:p@pg/d, 'DatabaseUrl[servers=[pg:5432], database=d, user=u, password=<redacted>, tls=Tls[mode=DISABLE, rootCertificates=null], targetSession=READ_WRITE]'",
        "database.poolSize, DARKROOM_DATABASE_POOL_SIZE, 17, 17",
        "database.maxWaitQueueSize, DARKROOM_DATABASE_MAX_WAIT_QUEUE_SIZE, 0, 0",
        "database.connectTimeout, DARKROOM_DATABASE_CONNECT_TIMEOUT, 18ms, 18ms",
        "database.statementTimeout, DARKROOM_DATABASE_STATEMENT_TIMEOUT, 19ms, 19ms",
        "database.lockTimeout, DARKROOM_DATABASE_LOCK_TIMEOUT, 20ms, 20ms",
        "database.idleInTransactionTimeout, DARKROOM_DATABASE_IDLE_IN_TRANSACTION_TIMEOUT, 21ms, 21ms",
        "database.longTransactionWarning, DARKROOM_DATABASE_LONG_TRANSACTION_WARNING, 26ms, 26ms",
        "database.startTimeout, DARKROOM_DATABASE_START_TIMEOUT, 27ms, 27ms",
        "node.roles, DARKROOM_NODE_ROLES, 'worker,api', '[API, WORKER]'",
        "node.heartbeatInterval, DARKROOM_NODE_HEARTBEAT_INTERVAL, 22ms, 22ms",
        "node.ttl, DARKROOM_NODE_TTL, 23s, 23s",
        "node.reapInterval, DARKROOM_NODE_REAP_INTERVAL, 24ms, 24ms",
        "retention.generations, DARKROOM_RETENTION_GENERATIONS, 720h, 720h",
        "retention.attempts, DARKROOM_RETENTION_ATTEMPTS, 721h, 721h",
        "retention.orphanedFiles, DARKROOM_RETENTION_ORPHANED_FILES, 1h, 1h",
        "retention.interval, DARKROOM_RETENTION_INTERVAL, 27ms, 27ms",
        "webhooks.concurrency, DARKROOM_WEBHOOKS_CONCURRENCY, 4, 4",
        "webhooks.pollInterval, DARKROOM_WEBHOOKS_POLL_INTERVAL, 28ms, 28ms",
        "webhooks.retryDelays, DARKROOM_WEBHOOKS_RETRY_DELAYS, '1s, 2h', '[PT1S, PT2H]'",
        "webhooks.timeout, DARKROOM_WEBHOOKS_TIMEOUT, 29ms, 29ms",
        "webhooks.maxPerUser, DARKROOM_WEBHOOKS_MAX_PER_USER, 3, 3",
        "webhooks.previousSecretTtl, DARKROOM_WEBHOOKS_PREVIOUS_SECRET_TTL, 25h, 25h",
        "webhooks.allowedNetworks, DARKROOM_WEBHOOKS_ALLOWED_NETWORKS, 10.0.0.0/8, [10.0.0.0/8]",
        "webhooks.allowHttp, DARKROOM_WEBHOOKS_ALLOW_HTTP, true, true",
        "webhooks.allowedPorts, DARKROOM_WEBHOOKS_ALLOWED_PORTS, '443, 8443', '[443, 8443]'",
        "kafka.bootstrapServers, DARKROOM_KAFKA_BOOTSTRAP_SERVERS, kafka:9092, kafka:9092",
        "kafka.topic, DARKROOM_KAFKA_TOPIC, images.v1, images.v1",
        "kafka.propertiesFile, DARKROOM_KAFKA_PROPERTIES_FILE, /etc/darkroom/kafka.properties, /etc/darkroom/kafka.properties",
        "cluster.enabled, DARKROOM_CLUSTER_ENABLED, true, true",
        "cluster.host, DARKROOM_CLUSTER_HOST, 10.0.0.1, 10.0.0.1",
        "cluster.port, DARKROOM_CLUSTER_PORT, 9093, 9093",
        "cluster.busPort, DARKROOM_CLUSTER_BUS_PORT, 0, 0",
        "cluster.members, DARKROOM_CLUSTER_MEMBERS, 'a:1, b.example.org:65535', '[a:1, b.example.org:65535]'",
        "cluster.kubernetesService, DARKROOM_CLUSTER_KUBERNETES_SERVICE, darkroom-cluster, darkroom-cluster",
        "cluster.name, DARKROOM_CLUSTER_NAME, images, images",
        "shutdown.gracePeriod, DARKROOM_SHUTDOWN_GRACE_PERIOD, 25ms, 25ms",
        "tracing.endpoint, DARKROOM_TRACING_ENDPOINT, http://collector:4318/, http://collector:4318",
        "tracing.headers, DARKROOM_TRACING_HEADERS, 'a=b, c=d e', <redacted>",
        "tracing.samplingRatio, DARKROOM_TRACING_SAMPLING_RATIO, 0.25, 0.25",
        "tracing.trustCallers, DARKROOM_TRACING_TRUST_CALLERS, false, false",
        "tracing.serviceName, DARKROOM_TRACING_SERVICE_NAME, images, images",
        "log.format, DARKROOM_LOG_FORMAT, json, JSON"
    })
    void environmentVariableSetsComponent(String path, String name, String text, String expected) {
        // given
        Settings defaults = SettingsTestLoader.load(Map.of());

        // when: with the other settings that it requires
        Map<String, String> environment = new HashMap<>(requiredSettings(path));
        environment.put(name, text);
        Settings changed = SettingsTestLoader.load(environment);

        // then
        Object value = valueAt(path, changed);
        assertThat(value)
                .isEqualTo(value instanceof Duration ? DurationFormat.parse(expected) : expected)
                .isNotEqualTo(valueAt(path, defaults));
    }

    private static Map<String, String> requiredSettings(String path) {
        if (path.equals("database.directUrl")) {
            return Map.of("DARKROOM_DATABASE_URL", "postgresql://u:p@db/d");
        }
        if (path.startsWith("http.tls.")) {
            return Map.of("DARKROOM_HTTP_TLS_CERT_FILE", "/c.pem", "DARKROOM_HTTP_TLS_KEY_FILE", "/k.pem");
        }
        if (path.equals("imageStore") || path.startsWith("s3.")) {
            return Map.of(
                    "DARKROOM_S3_BUCKET", "images",
                    "DARKROOM_S3_ACCESS_KEY_ID", "id",
                    "DARKROOM_S3_SECRET_ACCESS_KEY", "secret",
                    "DARKROOM_S3_ENCRYPTION", "sse_kms",
                    "DARKROOM_S3_DELIVERY", "redirect");
        }
        if (!path.startsWith("jwt.")) {
            return Map.of();
        }
        Map<String, String> tokens = new HashMap<>(
                Map.of("DARKROOM_JWT_ISSUER", "https://issuer.example.org", "DARKROOM_JWT_AUDIENCE", "images"));
        if (!path.equals("jwt.publicKeyFile")) {
            tokens.put("DARKROOM_JWT_JWKS_URL", "https://issuer.example.org/jwks");
        }
        if (path.startsWith("jwt.admin")) {
            tokens.put("DARKROOM_JWT_ADMIN_CLAIM", "roles");
            tokens.put("DARKROOM_JWT_ADMIN_VALUE", "admin");
        }
        return tokens;
    }

    private static List<String> componentPaths(Class<?> type, String prefix) {
        List<String> paths = new ArrayList<>();
        for (RecordComponent component : type.getRecordComponents()) {
            String path = prefix + component.getName();
            if (SettingsBinder.isSection(component.getType())) {
                paths.addAll(componentPaths(component.getType(), path + "."));
            } else if (!LayeredSettings.NAMED_SECTIONS.contains(path)) {
                paths.add(path);
            }
        }
        return paths;
    }

    private static Object valueAt(String path, Object settings) {
        Object found = settings;
        for (String name : path.split("\\.", -1)) {
            try {
                found = found.getClass().getMethod(name).invoke(found);
            } catch (ReflectiveOperationException e) {
                throw new LinkageError(path, e);
            }
        }
        return found instanceof Duration ? found : String.valueOf(found);
    }
}
