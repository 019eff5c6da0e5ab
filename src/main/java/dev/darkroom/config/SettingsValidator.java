package dev.darkroom.config;

import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/** Checks rules between settings. The message names one setting and shows value and origin of the other. */
record SettingsValidator(LayeredSettings layeredSettings) {
    private static final Pattern LOOPBACK = Pattern.compile("localhost|127(\\.[0-9]{1,3}){3}|::1");

    /** @throws SettingsException for the first violated rule */
    void validate(Settings settings) {
        InboundSettings.Tls tls = settings.http().tls();
        if ((tls.certFile() == null) != (tls.keyFile() == null)) {
            throw layeredSettings
                    .get(tls.certFile() == null ? "http.tls.certFile" : "http.tls.keyFile")
                    .expected("a file");
        }
        // Without authentication, every client that reaches the port is the user "local".
        require(
                settings.auth() == InboundSettings.AuthMode.REQUIRED
                        || settings.allowUnauthenticatedRemote()
                        || LOOPBACK.matcher(settings.http().host()).matches(),
                "http.host",
                "a loopback address, or DARKROOM_ALLOW_UNAUTHENTICATED_REMOTE=true, with",
                "auth");
        validateJwt(settings.jwt());
        validateS3(settings.imageStore(), settings.s3());
        int port = settings.http().port();
        require(port == 0 || port != settings.management().port(), "management.port", "a port other than", "http.port");
        Settings.Database database = settings.database();
        boolean directUrlAllowed = database.directUrl() == null || database.url() != null;
        require(directUrlAllowed, "database.directUrl", "no value without", "database.url");
        // Otherwise the API times out before the database does.
        require(
                isLonger(settings.api().replyTimeout(), database.statementTimeout()),
                "api.replyTimeout",
                "longer than",
                "database.statementTimeout");
        require(
                isLonger(settings.http().idleTimeout(), settings.generation().maxWait()),
                "generation.maxWait",
                "shorter than",
                "http.idleTimeout");
        Settings.Retry retry = settings.retry();
        require(!isLonger(retry.initialDelay(), retry.maxDelay()), "retry.maxDelay", "at least", "retry.initialDelay");
        // The node lease must survive one late heartbeat.
        Settings.Node node = settings.node();
        require(
                !isLonger(node.heartbeatInterval().multipliedBy(2), node.ttl()),
                "node.ttl",
                "at least twice",
                "node.heartbeatInterval");
        for (BackendSettings backend : settings.backends()) {
            validateBackend(backend, settings.generation(), settings.retention());
        }
        settings.models().forEach(model -> validateModel(model, settings.backends()));
        validateBudgets(settings);
        Settings.Cluster cluster = settings.cluster();
        require(
                cluster.members().isEmpty() || cluster.kubernetesService() == null,
                "cluster.kubernetesService",
                "no value together with",
                "cluster.members");
        require(
                settings.generation().instances() > 0 || cluster.enabled(),
                "generation.instances",
                "at least 1, or true for",
                "cluster.enabled");
        require(cluster.port() != cluster.busPort(), "cluster.busPort", "a port other than", "cluster.port");
    }

    private void validateBackend(
            BackendSettings backend, Settings.Generation generation, Settings.Retention retention) {
        boolean named = layeredSettings.backendNames().contains(backend.name());
        String section = section(backend);
        BackendSettings.Breaker breaker = backend.breaker();
        require(
                !isLonger(breaker.openDuration(), breaker.maxOpenDuration()),
                section + ".breaker.maxOpenDuration",
                "at least",
                section + ".breaker.openDuration");
        // An attempt stores image files before it writes their rows. Until then the files look orphaned.
        require(
                retention.orphanedFiles() == null || isLonger(retention.orphanedFiles(), backend.timeout()),
                "retention.orphanedFiles",
                "longer than",
                section + ".timeout");
        require(
                backend.maxSide() >= generation.defaultWidth(),
                section + ".maxSide",
                "at least",
                "generation.defaultWidth");
        require(
                backend.maxSide() >= generation.defaultHeight(),
                section + ".maxSide",
                "at least",
                "generation.defaultHeight");
        require(
                backend.maxCount() >= generation.defaultCount(),
                section + ".maxCount",
                "at least",
                "generation.defaultCount");
        for (String side : String.join("x", backend.sizes()).split("x", -1)) {
            if (!side.isEmpty()
                    && (Integer.parseInt(side) < BackendSettings.MIN_SIDE
                            || Integer.parseInt(side) > backend.maxSide())) {
                throw layeredSettings
                        .get(section + ".sizes")
                        .expected("sizes with sides from " + BackendSettings.MIN_SIDE + " to " + backend.maxSide());
            }
        }
        require(
                backend.apiKeys().isEmpty() || !backend.apiKey().isPresent(),
                section + ".apiKeys",
                "no value together with a value of " + section + ".apiKey");
        if (backend.type() == BackendType.COMFYUI && backend.workflow() == null) {
            throw layeredSettings.get(section + ".workflow").expected("a file, with the type comfyui");
        }
        if (named && backend.url() == null) {
            throw SettingValue.ofDefault(section + ".url", "").expected("the URL of the AI server");
        }
    }

    /** A budget reserves the expected cost of a submission. Reported usage is known only after the submission. */
    private void validateBudgets(Settings settings) {
        for (BackendSettings backend : settings.backends()) {
            if (backend.usagePrices().rules().isEmpty()
                    || !backend.budget().exists() && !settings.accounting().hasBudget()) {
                continue;
            }
            for (ModelSettings model : settings.models()) {
                for (ModelSettings.Target target : model.targets()) {
                    if (target.backend().equals(backend.name())
                            && backend.prices().find(target.model(), Set.of()).isEmpty()) {
                        throw layeredSettings
                                .get(section(backend) + ".prices")
                                .expected("a price without a size or a quality for "
                                        + (target.model() == null ? "all models" : "the model " + target.model())
                                        + ", with usagePrices and a budget");
                    }
                }
            }
        }
    }

    private String section(BackendSettings backend) {
        return layeredSettings.backendNames().contains(backend.name()) ? "backends." + backend.name() : "backend";
    }

    /** A request must be possible at each AI server of its model. */
    private void validateModel(ModelSettings model, List<BackendSettings> backends) {
        List<String> common = null;
        for (ModelSettings.Target target : model.targets()) {
            for (BackendSettings backend : backends) {
                if (backend.name().equals(target.backend()) && !backend.sizes().isEmpty()) {
                    common = common == null
                            ? backend.sizes()
                            : common.stream().filter(backend.sizes()::contains).toList();
                    if (common.isEmpty()) {
                        throw layeredSettings
                                .get("backends." + backend.name() + ".sizes")
                                .expected("a size that the other backends of the model "
                                        + (model.name() == null ? "" : model.name() + " ") + "have too");
                    }
                }
            }
        }
    }

    private void validateS3(ImageStoreType imageStore, S3Settings s3) {
        require(
                imageStore != ImageStoreType.S3 || s3.bucket() != null,
                "s3.bucket",
                "the name of a bucket, with",
                "imageStore");
        require(
                (s3.accessKeyId() != null) == s3.secretAccessKey().isPresent(),
                s3.accessKeyId() == null ? "s3.accessKeyId" : "s3.secretAccessKey",
                "a value, since the other part of the credentials is set");
        require(
                s3.kmsKeyId() == null || s3.encryption() == S3Settings.Encryption.SSE_KMS,
                "s3.kmsKeyId",
                "no value with",
                "s3.encryption");
        require(
                s3.redirectBaseUrl() == null || s3.delivery() == S3Settings.Delivery.REDIRECT,
                "s3.redirectBaseUrl",
                "no value with",
                "s3.delivery");
    }

    private void validateJwt(InboundSettings.Jwt jwt) {
        String issuer = "jwt.issuer";
        if (!jwt.accepted()) {
            // Without an issuer, tokens are rejected and these settings have no effect. Report that at startup.
            for (String other :
                    List.of("jwt.audience", "jwt.jwksUrl", "jwt.publicKeyFile", "jwt.adminClaim", "jwt.adminValue")) {
                require(layeredSettings.get(other).isEmpty(), issuer, "the issuer of the tokens, with", other);
            }
            return;
        }
        require(jwt.audience() != null, "jwt.audience", "the audience of the tokens, with", issuer);
        require(
                jwt.jwksUrl() != null || jwt.publicKeyFile() != null,
                "jwt.jwksUrl",
                "a URL, or a file in jwt.publicKeyFile, with",
                issuer);
        require(
                jwt.jwksUrl() == null || jwt.publicKeyFile() == null,
                "jwt.publicKeyFile",
                "no value together with",
                "jwt.jwksUrl");
        if (jwt.jwksUrl() != null && !isHttpsOrLoopback(jwt.jwksUrl())) {
            throw layeredSettings.get("jwt.jwksUrl").expected("https, or a loopback address");
        }
        require(
                jwt.adminClaim() == null || jwt.adminValue() != null,
                "jwt.adminValue",
                "the value of admins, with",
                "jwt.adminClaim");
        require(
                jwt.adminValue() == null || jwt.adminClaim() != null,
                "jwt.adminClaim",
                "a claim, with",
                "jwt.adminValue");
    }

    /** Returns whether the response cannot be modified on the network path. */
    private static boolean isHttpsOrLoopback(URI url) {
        String host = url.getHost().replaceAll("[\\[\\]]", "");
        return url.getScheme().equals("https") || LOOPBACK.matcher(host).matches();
    }

    private void require(boolean valid, String setting, String expected) {
        if (!valid) {
            throw layeredSettings.get(setting).expected(expected);
        }
    }

    private void require(boolean valid, String setting, String relation, String other) {
        if (!valid) {
            throw layeredSettings
                    .get(setting)
                    .expected(relation + " " + layeredSettings.get(other).describe());
        }
    }

    private static boolean isLonger(Duration one, Duration other) {
        return one.compareTo(other) > 0;
    }
}
