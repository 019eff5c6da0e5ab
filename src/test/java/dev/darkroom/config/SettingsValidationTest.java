package dev.darkroom.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Checks the complete error message of every rule. */
class SettingsValidationTest {

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "DARKROOM_HTTP_PORT | 0 | 65535",
                "DARKROOM_HTTP_MAX_BODY_BYTES | 1024 | 16777216",
                "DARKROOM_MANAGEMENT_PORT | 0 | 65535",
                "DARKROOM_SIMULATOR_PORT | 0 | 65535",
                "DARKROOM_API_INSTANCES | 1 | 256",
                "DARKROOM_LIMITS_REQUESTS_PER_SECOND | 0 | 1000000",
                "DARKROOM_LIMITS_BURST | 1 | 1000000",
                "DARKROOM_LIMITS_FAILED_LOGINS_PER_MINUTE | 0 | 1000000",
                "DARKROOM_GENERATION_DEFAULT_WIDTH | 64 | 2048",
                "DARKROOM_GENERATION_DEFAULT_HEIGHT | 64 | 2048",
                "DARKROOM_GENERATION_DEFAULT_COUNT | 1 | 10",
                "DARKROOM_BACKEND_MAX_PROMPT_LENGTH | 1 | 32000",
                "DARKROOM_BACKEND_MAX_INPUT_IMAGES | 0 | 16",
                "DARKROOM_WORKER_CONCURRENCY | 1 | 1024",
                "DARKROOM_RETRY_MAX_ATTEMPTS | 1 | 100",
                "DARKROOM_RETRY_MAX_LOST_ATTEMPTS | 1 | 100",
                "DARKROOM_BACKEND_MAX_RESPONSE_BYTES | 1024 | 1073741824",
                "DARKROOM_BACKEND_MAX_IMAGE_BYTES | 1024 | 1073741824",
                "DARKROOM_BACKEND_DOWNLOAD_ATTEMPTS | 1 | 10",
                "DARKROOM_BACKEND_MAX_REDIRECTS | 0 | 20",
                "DARKROOM_BACKEND_BREAKER_MINIMUM_CALLS | 1 | 10000",
                "DARKROOM_BACKEND_BREAKER_FAILURE_PERCENT | 1 | 100",
                "DARKROOM_BACKEND_BREAKER_CONNECTION_FAILURES | 1 | 10000",
                "DARKROOM_BACKEND_BREAKER_SLOW_CALL_PERCENT | 1 | 100",
                "DARKROOM_BACKEND_BREAKER_HALF_OPEN_CALLS | 1 | 100",
                "DARKROOM_OUTBOUND_MAX_HEADER_BYTES | 8192 | 1048576",
                "DARKROOM_DATABASE_POOL_SIZE | 1 | 1000",
                "DARKROOM_DATABASE_MAX_WAIT_QUEUE_SIZE | 0 | 1000000",
                "DARKROOM_CLUSTER_PORT | 1 | 65535",
                "DARKROOM_CLUSTER_BUS_PORT | 0 | 65535",
            })
    void rejectsNumbersOutOfRange(String name, int least, int most) {
        // given
        String expected = name + ": expected a whole number from " + least + " to " + most + ", got ";

        // then
        SettingsTestLoader.load(Map.of(name, String.valueOf(least)));
        SettingsTestLoader.load(Map.of(name, String.valueOf(most)));
        for (String wrong : new String[] {String.valueOf(least - 1), String.valueOf(most + 1), "four", "2.5", "1e3"}) {
            assertThat(SettingsTestLoader.errorOf(Map.of(name, wrong))).isEqualTo(expected + '"' + wrong + '"');
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"99999999999999999999", "-99999999999999999999", "1_000", "+8", "0x1F", "८०"})
    void rejectsOtherNumberFormats(String wrong) {
        assertThat(SettingsTestLoader.errorOf(Map.of("DARKROOM_HTTP_PORT", wrong)))
                .isEqualTo("DARKROOM_HTTP_PORT: expected a whole number from 0 to 65535, got \"" + wrong + '"');
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "DARKROOM_HTTP_IDLE_TIMEOUT",
                "DARKROOM_SIMULATOR_LATENCY",
                "DARKROOM_API_REPLY_TIMEOUT",
                "DARKROOM_WORKER_POLL_INTERVAL",
                "DARKROOM_RETRY_INITIAL_DELAY",
                "DARKROOM_RETRY_MAX_DELAY",
                "DARKROOM_RETRY_MAX_RETRY_AFTER",
                "DARKROOM_BACKEND_TIMEOUT",
                "DARKROOM_BACKEND_CONNECT_TIMEOUT",
                "DARKROOM_BACKEND_BREAKER_WINDOW",
                "DARKROOM_BACKEND_BREAKER_OPEN_DURATION",
                "DARKROOM_DATABASE_CONNECT_TIMEOUT",
                "DARKROOM_DATABASE_STATEMENT_TIMEOUT",
                "DARKROOM_DATABASE_LOCK_TIMEOUT",
                "DARKROOM_DATABASE_IDLE_IN_TRANSACTION_TIMEOUT",
                "DARKROOM_DATABASE_LONG_TRANSACTION_WARNING",
                "DARKROOM_NODE_HEARTBEAT_INTERVAL",
                "DARKROOM_NODE_TTL",
                "DARKROOM_NODE_REAP_INTERVAL",
                "DARKROOM_RETENTION_INTERVAL",
                "DARKROOM_SHUTDOWN_GRACE_PERIOD"
            })
    void rejectsInvalidDurations(String name) {
        for (String wrong : new String[] {"fast", "1", "PT1S", "-1s", "1.5s"}) {
            assertThat(SettingsTestLoader.errorOf(Map.of(name, wrong)))
                    .isEqualTo(name + ": expected a duration such as 250ms, 1s or 15m, got \"" + wrong + '"');
        }
        for (String wrong : new String[] {"0s", "501h"}) {
            assertThat(SettingsTestLoader.errorOf(Map.of(name, wrong)))
                    .isEqualTo(name + ": expected a duration from 1ms to 500h, got \"" + wrong + '"');
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                // texts
                "DARKROOM_HTTP_HOST | a b | a host name or an IP address without brackets, got \"a b\"",
                "DARKROOM_HTTP_HOST | [::1] | a host name or an IP address without brackets, got \"[::1]\"",
                "DARKROOM_MANAGEMENT_HOST | http://x | a host name or an IP address without brackets, got \"http://x\"",
                "DARKROOM_BACKEND_NAME | GPU | 1 to 40 of a-z, 0-9 and hyphen, got \"GPU\"",
                "DARKROOM_BACKEND_NAME | a_b | 1 to 40 of a-z, 0-9 and hyphen, got \"a_b\"",
                "DARKROOM_BACKEND_NAME | 12345678901234567890123456789012345678901 | 1 to 40 of a-z, 0-9 and hyphen,"
                        + " got \"12345678901234567890123456789012345678901\"",
                "DARKROOM_GENERATION_DEADLINE | 999ms | a duration from 1s to 500h, got \"999ms\"",
                "DARKROOM_RETENTION_GENERATIONS | 59m | a duration from 1h to 100000h, got \"59m\"",
                "DARKROOM_RETENTION_ATTEMPTS | 100001h | a duration from 1h to 100000h, got \"100001h\"",
                "DARKROOM_RETENTION_ORPHANED_FILES | 3w | a duration such as 250ms, 1s or 15m, got \"3w\"",
                // public URL
                "DARKROOM_PUBLIC_URL | example.org | an absolute http or https URL, got \"example.org\"",
                "DARKROOM_PUBLIC_URL | localhost:8080 | an absolute http or https URL, got \"localhost:8080\"",
                "DARKROOM_PUBLIC_URL | /images | an absolute http or https URL, got \"/images\"",
                "DARKROOM_PUBLIC_URL | ftp://example.org | an absolute http or https URL, got \"ftp://example.org\"",
                "DARKROOM_PUBLIC_URL | http:example.org | an absolute http or https URL with a host of letters, digits,"
                        + " dots and hyphens and a valid port, got \"http:example.org\"",
                "DARKROOM_PUBLIC_URL | http://a b | an absolute http or https URL, got \"http://a b\"",
                "DARKROOM_PUBLIC_URL | http:// | an absolute http or https URL, got \"http://\"",
                "DARKROOM_PUBLIC_URL | http:///path | an absolute http or https URL with a host of letters, digits,"
                        + " dots and hyphens and a valid port, got \"http:///path\"",
                "DARKROOM_PUBLIC_URL | http://a:99999 | an absolute http or https URL with a host of letters, digits,"
                        + " dots and hyphens and a valid port, got \"http://a:99999\"",
                "DARKROOM_PUBLIC_URL | http://my_host/ | an absolute http or https URL with a host of letters, digits,"
                        + " dots and hyphens and a valid port, got \"http://my_host/\"",
                "DARKROOM_PUBLIC_URL | http://a/?key=secret | an absolute http or https URL without query and fragment,"
                        + " got a value that is not shown",
                "DARKROOM_PUBLIC_URL | http://a/#top | an absolute http or https URL without query and fragment,"
                        + " got \"http://a/#top\"",
                "DARKROOM_PUBLIC_URL | http://user:secret@a/ | an absolute http or https URL without user and password,"
                        + " got a value that is not shown",
                // roles
                "DARKROOM_NODE_ROLES | api,painter | one or more of api, worker, notifier, separated by commas,"
                        + " got \"api,painter\"",
                "DARKROOM_NODE_ROLES | api, | one or more of api, worker, notifier, separated by commas, got \"api,\"",
                "DARKROOM_NODE_ROLES | API | one or more of api, worker, notifier, separated by commas, got \"API\"",
                "DARKROOM_GENERATION_INSTANCES | 257 | a whole number from 0 to 256, got \"257\"",
                "DARKROOM_GENERATION_INSTANCES | 0 | at least 1, or true for cluster.enabled (false, the default),"
                        + " got \"0\"",
                // tokens
                "DARKROOM_JWT_CLOCK_SKEW | 1500ms | whole seconds, got \"1500ms\"",
                "DARKROOM_JWT_CLOCK_SKEW | 11m | a duration from 0ms to 10m, got \"11m\"",
                "DARKROOM_JWT_JWKS_URL | login.example.org | an absolute http or https URL, got \"login.example.org\"",
                "DARKROOM_JWT_JWKS_URL | https://login/?key=secret | an absolute http or https URL without query and"
                        + " fragment, got a value that is not shown",
                // AI server
                "DARKROOM_BACKEND_URL | gpu:8000/v1 | an absolute http or https URL, got \"gpu:8000/v1\"",
                "DARKROOM_BACKEND_URL | http://gpu:8000 | a URL that ends in /v1, such as http://127.0.0.1:8082/v1,"
                        + " got \"http://gpu:8000\"",
                "DARKROOM_BACKEND_URL | http://gpu/v1/images | a URL that ends in /v1, such as http://127.0.0.1:8082/v1,"
                        + " got \"http://gpu/v1/images\"",
                "DARKROOM_BACKEND_URL | http://gpu/dev1 | a URL that ends in /v1, such as http://127.0.0.1:8082/v1,"
                        + " got \"http://gpu/dev1\"",
                "DARKROOM_BACKEND_URL | http://u:secret@gpu/v1 | an absolute http or https URL without user and password,"
                        + " got a value that is not shown",
                "DARKROOM_BACKEND_URL | http://gpu/v1?a=b | an absolute http or https URL without query and fragment,"
                        + " got a value that is not shown",
                // budgets
                "DARKROOM_ACCOUNTING_USER_BUDGETS | mary=1/-,mary=2/- | each user once, got \"mary=1/-,mary=2/-\"",
                // cluster
                "DARKROOM_CLUSTER_ENABLED | yes | true or false, got \"yes\"",
                "DARKROOM_CLUSTER_HOST | 0.0.0.0 | an address by which others reach this machine, not a wildcard,"
                        + " got \"0.0.0.0\"",
                "DARKROOM_CLUSTER_HOST | :: | an address by which others reach this machine, not a wildcard,"
                        + " got \"::\"",
                "DARKROOM_CLUSTER_MEMBERS | a | host:port, separated by commas, got \"a\"",
                "DARKROOM_CLUSTER_MEMBERS | a:1,,b:2 | host:port, separated by commas, got \"a:1,,b:2\"",
                "DARKROOM_CLUSTER_MEMBERS | a:1, | host:port, separated by commas, got \"a:1,\"",
                "DARKROOM_CLUSTER_KUBERNETES_SERVICE | a b | a DNS name, got \"a b\"",
                "DARKROOM_CLUSTER_NAME | My Cluster | 1 to 40 of a-z, 0-9 and hyphen, got \"My Cluster\"",
                // a password in the wrong place
                "DARKROOM_HTTP_PORT | postgresql://u:secret@db/d | a whole number from 0 to 65535,"
                        + " got a value that is not shown",
                // secrets
                "DARKROOM_BACKEND_API_KEY | two words | printable ASCII without spaces, got a value that is not shown",
                "DARKROOM_DATABASE_URL | localhost | postgresql://user:password@host:port/database,"
                        + " got a value that is not shown",
            })
    void rejectsInvalidValues(String name, String text, String expected) {
        assertThat(SettingsTestLoader.errorOf(Map.of(name, text))).isEqualTo(name + ": expected " + expected);
    }

    @Test
    void rejectsLineBreakInApiKey() {
        assertThat(SettingsTestLoader.errorOf(Map.of("DARKROOM_BACKEND_API_KEY", "key\r\nX-Evil: yes")))
                .isEqualTo("DARKROOM_BACKEND_API_KEY: expected printable ASCII without spaces,"
                        + " got a value that is not shown");
    }

    @Test
    void rejectsLongModelAndControlCharacters() {
        assertThat(SettingsTestLoader.errorOf(Map.of("DARKROOM_BACKEND_MODEL", "a\nb")))
                .isEqualTo("DARKROOM_BACKEND_MODEL: expected at most 200 characters and no control characters,"
                        + " got \"a\\u000ab\"");
        assertThat(SettingsTestLoader.errorOf(Map.of("DARKROOM_BACKEND_MODEL", "m".repeat(201))))
                .isEqualTo("DARKROOM_BACKEND_MODEL: expected at most 200 characters and no control characters, got \""
                        + "m".repeat(100) + "...\"");
    }

    @ParameterizedTest
    @ValueSource(strings = {"DARKROOM_DATA_DIR", "DARKROOM_IMAGE_DIR"})
    void rejectsInvalidPath(String name) {
        assertThat(SettingsTestLoader.errorOf(Map.of(name, "a\0b")))
                .isEqualTo(name + ": expected a directory, got \"a\\u0000b\"");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "DARKROOM_MANAGEMENT_PORT=8080 | DARKROOM_MANAGEMENT_PORT: expected a port other than"
                        + " http.port (8080, the default), got \"8080\"",
                "DARKROOM_HTTP_PORT=8081 | management.port (DARKROOM_MANAGEMENT_PORT): expected a port other than"
                        + " http.port (8081, from DARKROOM_HTTP_PORT), got \"8081\"",
                "DARKROOM_API_REPLY_TIMEOUT=5s | DARKROOM_API_REPLY_TIMEOUT: expected longer than"
                        + " database.statementTimeout (5s, the default), got \"5s\"",
                "DARKROOM_DATABASE_STATEMENT_TIMEOUT=9s | api.replyTimeout (DARKROOM_API_REPLY_TIMEOUT): expected longer"
                        + " than database.statementTimeout (9s, from DARKROOM_DATABASE_STATEMENT_TIMEOUT), got \"8s\"",
                "DARKROOM_RETRY_INITIAL_DELAY=2m | retry.maxDelay (DARKROOM_RETRY_MAX_DELAY): expected at least"
                        + " retry.initialDelay (2m, from DARKROOM_RETRY_INITIAL_DELAY), got \"60s\"",
                "DARKROOM_RETRY_MAX_DELAY=999ms | DARKROOM_RETRY_MAX_DELAY: expected at least"
                        + " retry.initialDelay (1s, the default), got \"999ms\"",
                "DARKROOM_NODE_TTL=9999ms | DARKROOM_NODE_TTL: expected at least twice"
                        + " node.heartbeatInterval (5s, the default), got \"9999ms\"",
                "DARKROOM_NODE_HEARTBEAT_INTERVAL=8s | node.ttl (DARKROOM_NODE_TTL): expected at least twice"
                        + " node.heartbeatInterval (8s, from DARKROOM_NODE_HEARTBEAT_INTERVAL), got \"15s\"",
                "DARKROOM_CLUSTER_PORT=5711 | cluster.busPort (DARKROOM_CLUSTER_BUS_PORT): expected a port other than"
                        + " cluster.port (5711, from DARKROOM_CLUSTER_PORT), got \"5711\"",
                "DARKROOM_BACKEND_MAX_SIDE=64 | DARKROOM_BACKEND_MAX_SIDE:"
                        + " expected at least generation.defaultWidth (512, the default), got \"64\"",
                "DARKROOM_BACKEND_MAX_SIDE=63 | DARKROOM_BACKEND_MAX_SIDE:"
                        + " expected a whole number from 64 to 2048, got \"63\"",
                "DARKROOM_BACKEND_MAX_SIDE=2049 | DARKROOM_BACKEND_MAX_SIDE:"
                        + " expected a whole number from 64 to 2048, got \"2049\"",
                "DARKROOM_BACKEND_MAX_COUNT=11 | DARKROOM_BACKEND_MAX_COUNT:"
                        + " expected a whole number from 1 to 10, got \"11\"",
                "DARKROOM_GENERATION_MAX_WAIT=60s | DARKROOM_GENERATION_MAX_WAIT:"
                        + " expected shorter than http.idleTimeout (60s, the default), got \"60s\"",
                "DARKROOM_IMAGE_URLS_LIFETIME=3s | DARKROOM_IMAGE_URLS_LIFETIME:"
                        + " expected a duration from 4s to 8784h, got \"3s\"",
            })
    void rejectsContradictingSettings(String assignment, String expected) {
        String[] parts = assignment.split("=", 2);
        assertThat(SettingsTestLoader.errorOf(Map.of(parts[0], parts[1]))).isEqualTo(expected);
    }

    @Test
    void rejectsDefaultsAboveLimits() {
        assertThat(SettingsTestLoader.errorOf(
                        Map.of("DARKROOM_BACKEND_MAX_SIDE", "256", "DARKROOM_GENERATION_DEFAULT_WIDTH", "256")))
                .isEqualTo("DARKROOM_BACKEND_MAX_SIDE: expected at least"
                        + " generation.defaultHeight (512, the default), got \"256\"");
        assertThat(SettingsTestLoader.errorOf(
                        Map.of("DARKROOM_BACKEND_MAX_COUNT", "1", "DARKROOM_GENERATION_DEFAULT_COUNT", "2")))
                .isEqualTo("DARKROOM_BACKEND_MAX_COUNT: expected at least"
                        + " generation.defaultCount (2, from DARKROOM_GENERATION_DEFAULT_COUNT), got \"1\"");
    }

    @ParameterizedTest
    @ValueSource(strings = {"0.0.0.0", "::", "10.0.0.1", "example.org", "127.example.org", "localhost.example.org"})
    void rejectsRemoteAccessWithoutAuthentication(String host) {
        // given
        String loopback =
                "DARKROOM_HTTP_HOST: expected a loopback address, or DARKROOM_ALLOW_UNAUTHENTICATED_REMOTE=true, with auth (local, ";

        // then
        assertThat(SettingsTestLoader.errorOf(Map.of("DARKROOM_HTTP_HOST", host)))
                .isEqualTo(loopback + "the default), got \"" + host + '"');
        assertThat(SettingsTestLoader.errorOf(Map.of("DARKROOM_HTTP_HOST", host, "DARKROOM_AUTH", "local")))
                .isEqualTo(loopback + "from DARKROOM_AUTH), got \"" + host + '"');
        for (Map<String, String> environment : List.of(
                Map.of("DARKROOM_HTTP_HOST", host, "DARKROOM_AUTH", "required"),
                Map.of("DARKROOM_HTTP_HOST", host, "DARKROOM_ALLOW_UNAUTHENTICATED_REMOTE", "true"))) {
            assertThat(SettingsTestLoader.load(environment).http().host()).isEqualTo(host);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "127.1.2.3", "::1", "localhost"})
    void acceptsLoopbackWithoutAuthentication(String host) {
        assertThat(SettingsTestLoader.load(Map.of("DARKROOM_HTTP_HOST", host))
                        .http()
                        .host())
                .isEqualTo(host);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "IMAGE_STORE=s3 | s3.bucket (DARKROOM_S3_BUCKET): expected the name of a bucket, with"
                        + " imageStore (s3, from DARKROOM_IMAGE_STORE), got nothing",
                "S3_BUCKET=a_ | DARKROOM_S3_BUCKET: expected the name of a bucket, got \"a_\"",
                "S3_PREFIX=darkroom | DARKROOM_S3_PREFIX: expected empty, or a prefix that ends in /, such as darkroom/,"
                        + " got \"darkroom\"",
                "S3_PREFIX=../ | DARKROOM_S3_PREFIX: expected empty, or a prefix that ends in /, such as darkroom/, got \"../\"",
                "S3_ACCESS_KEY_ID=a | s3.secretAccessKey (DARKROOM_S3_SECRET_ACCESS_KEY): expected a value, since the other"
                        + " part of the credentials is set, got nothing",
                "S3_SECRET_ACCESS_KEY=a | s3.accessKeyId (DARKROOM_S3_ACCESS_KEY_ID): expected a value, since the other"
                        + " part of the credentials is set, got nothing",
                "S3_KMS_KEY_ID=a | DARKROOM_S3_KMS_KEY_ID: expected no value with s3.encryption (bucket, the default), got \"a\"",
                "S3_REDIRECT_BASE_URL=https://c | DARKROOM_S3_REDIRECT_BASE_URL: expected no value with s3.delivery (proxy, the default),"
                        + " got \"https://c\"",
            })
    void rejectsInconsistentS3Settings(String assignments, String expected) {
        assertThat(SettingsTestLoader.errorOf(environment("DARKROOM_", assignments)))
                .isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "JWKS_URL=https://i/k | jwt.issuer (DARKROOM_JWT_ISSUER): expected the issuer of the tokens, with"
                        + " jwt.jwksUrl (https://i/k, from DARKROOM_JWT_JWKS_URL), got nothing",
                "ADMIN_VALUE=root | jwt.issuer (DARKROOM_JWT_ISSUER): expected the issuer of the tokens, with"
                        + " jwt.adminValue (root, from DARKROOM_JWT_ADMIN_VALUE), got nothing",
                "ISSUER=i JWKS_URL=https://i/k | jwt.audience (DARKROOM_JWT_AUDIENCE): expected the audience of the tokens, with"
                        + " jwt.issuer (i, from DARKROOM_JWT_ISSUER), got nothing",
                "ISSUER=i AUDIENCE=a | jwt.jwksUrl (DARKROOM_JWT_JWKS_URL): expected a URL, or a file in"
                        + " jwt.publicKeyFile, with jwt.issuer (i, from DARKROOM_JWT_ISSUER), got nothing",
                "ISSUER=i AUDIENCE=a JWKS_URL=https://i/k PUBLIC_KEY_FILE=/k.pem | DARKROOM_JWT_PUBLIC_KEY_FILE:"
                        + " expected no value together with jwt.jwksUrl (https://i/k, from DARKROOM_JWT_JWKS_URL), got \"/k.pem\"",
                "ISSUER=i AUDIENCE=a JWKS_URL=http://login.example.org/k | DARKROOM_JWT_JWKS_URL:"
                        + " expected https, or a loopback address, got \"http://login.example.org/k\"",
                "ISSUER=i AUDIENCE=a JWKS_URL=http://127.0.0.1.example.org/k | DARKROOM_JWT_JWKS_URL:"
                        + " expected https, or a loopback address, got \"http://127.0.0.1.example.org/k\"",
                "ISSUER=i AUDIENCE=a JWKS_URL=https://i/k ADMIN_CLAIM=r | jwt.adminValue (DARKROOM_JWT_ADMIN_VALUE):"
                        + " expected the value of admins, with jwt.adminClaim (r, from DARKROOM_JWT_ADMIN_CLAIM), got nothing",
                "ISSUER=i AUDIENCE=a JWKS_URL=https://i/k ADMIN_VALUE=r | jwt.adminClaim (DARKROOM_JWT_ADMIN_CLAIM):"
                        + " expected a claim, with jwt.adminValue (r, from DARKROOM_JWT_ADMIN_VALUE), got nothing",
            })
    void rejectsIncompleteJwtSettings(String assignments, String expected) {
        assertThat(SettingsTestLoader.errorOf(jwt(assignments))).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "https://login.example.org/k",
                "http://127.0.0.1:8080/k",
                "http://[::1]:8080/k",
                "http://localhost/k"
            })
    void acceptsHttpsOrLoopbackForJwks(String url) {
        assertThat(SettingsTestLoader.load(jwt("ISSUER=i AUDIENCE=a JWKS_URL=" + url))
                        .jwt()
                        .jwksUrl())
                .hasToString(url);
    }

    private static Map<String, String> jwt(String assignments) {
        return environment("DARKROOM_JWT_", assignments);
    }

    private static Map<String, String> environment(String prefix, String assignments) {
        return Stream.of(assignments.split(" ", -1))
                .map(assignment -> assignment.split("=", 2))
                .collect(Collectors.toMap(parts -> prefix + parts[0], parts -> parts[1]));
    }

    @Test
    void rejectsMembersWithKubernetesService() {
        assertThat(SettingsTestLoader.errorOf(
                        Map.of("DARKROOM_CLUSTER_MEMBERS", "a:1", "DARKROOM_CLUSTER_KUBERNETES_SERVICE", "peers")))
                .isEqualTo("DARKROOM_CLUSTER_KUBERNETES_SERVICE: expected no value together with"
                        + " cluster.members (a:1, from DARKROOM_CLUSTER_MEMBERS), got \"peers\"");
    }

    @Test
    void acceptsBoundaryValues() {
        // when
        Settings settings = SettingsTestLoader.load(Map.of(
                "DARKROOM_HTTP_PORT", "0",
                "DARKROOM_MANAGEMENT_PORT", "0",
                "DARKROOM_RETRY_INITIAL_DELAY", "60s",
                "DARKROOM_NODE_TTL", "10s",
                "DARKROOM_BACKEND_MAX_SIDE", "512",
                "DARKROOM_BACKEND_MAX_COUNT", "1",
                "DARKROOM_API_REPLY_TIMEOUT", "5001ms"));

        // then
        assertThat(settings.http().port()).isZero();
        assertThat(settings.management().port()).isZero();
    }

    @Test
    void errorNamesFileOfValue(@TempDir Path directory) throws IOException {
        // given
        Files.writeString(directory.resolve("mine.yaml"), "retry:\n  maxDelay: 500ms\n");

        // then
        assertThat(SettingsTestLoader.errorOf(Map.of("DARKROOM_CONF", "mine.yaml"), directory))
                .isEqualTo(
                        "mine.yaml: retry.maxDelay: expected at least retry.initialDelay (1s, the default), got \"500ms\"");
        assertThat(SettingsTestLoader.errorOf(
                        Map.of(
                                "DARKROOM_CONF",
                                "mine.yaml",
                                "DARKROOM_RETRY_MAX_DELAY",
                                "1s",
                                "DARKROOM_RETRY_INITIAL_DELAY",
                                "2s"),
                        directory))
                .isEqualTo(
                        "DARKROOM_RETRY_MAX_DELAY: expected at least retry.initialDelay (2s, from DARKROOM_RETRY_INITIAL_DELAY), got \"1s\"");
    }

    @Test
    void reportsFirstErrorInFileOrder() {
        assertThat(SettingsTestLoader.errorOf(Map.of(
                        "DARKROOM_SHUTDOWN_GRACE_PERIOD", "fast",
                        "DARKROOM_HTTP_PORT", "http",
                        "DARKROOM_RETRY_MAX_DELAY", "1ms")))
                .isEqualTo("DARKROOM_HTTP_PORT: expected a whole number from 0 to 65535, got \"http\"");
    }
}
