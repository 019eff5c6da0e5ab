package dev.darkroom.webhook.command;

import com.fasterxml.uuid.Generators;
import com.fasterxml.uuid.NoArgGenerator;
import dev.darkroom.config.Settings;
import dev.darkroom.database.Database;
import dev.darkroom.webhook.DisableReason;
import dev.darkroom.webhook.PayloadFormat;
import dev.darkroom.webhook.WebhookDeliverySql;
import dev.darkroom.webhook.WebhookEventTypes;
import dev.darkroom.webhook.WebhookSigner;
import dev.darkroom.webhook.command.WebhookCommand.WebhookSpec;
import dev.darkroom.webhook.command.WebhookResult.CreatedWebhook;
import dev.darkroom.webhook.command.WebhookResult.SigningSecret;
import dev.darkroom.webhook.command.WebhookResult.WebhookPage;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.security.SecureRandom;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * Creates, reads and updates webhooks in PostgreSQL on behalf of their owners. Methods return empty if the user has no such webhook.
 * Futures fail with the driver's errors. Usable from any event loop.
 */
final class WebhookStore {
    private final Database database;
    private final Settings.Webhooks settings;
    private final SecureRandom random = new SecureRandom();
    private final NoArgGenerator ids = Generators.timeBasedEpochRandomGenerator();

    WebhookStore(Database database, Settings.Webhooks settings) {
        this.database = database;
        this.settings = settings;
    }

    /** Creates a webhook; the result includes its secret. Empty if the user has the maximum number of webhooks. */
    Future<Optional<CreatedWebhook>> create(String userId, WebhookSpec webhookSpec) {
        byte[] secret = WebhookSigner.generateSecret(random);
        List<String> types =
                webhookSpec.eventTypes() == null ? List.of(WebhookEventTypes.ALL) : webhookSpec.eventTypes();
        PayloadFormat payloadFormat =
                webhookSpec.payloadFormat() == null ? PayloadFormat.STANDARD : webhookSpec.payloadFormat();
        return database.inTransaction(scope -> scope.connection()
                .preparedQuery(WebhookSql.LOCK_USER_WEBHOOKS)
                .execute(Tuple.of(userId))
                .compose(locked -> scope.connection()
                        .preparedQuery(WebhookSql.INSERT)
                        .execute(Tuple.tuple()
                                .addUUID(ids.generate())
                                .addString(userId)
                                .addString(webhookSpec.url())
                                .addArrayOfString(types.toArray(String[]::new))
                                .addString(payloadFormat.name())
                                .addString(webhookSpec.description())
                                .addBuffer(Buffer.buffer(secret))
                                .addInteger(settings.maxPerUser())))
                .map(rows -> firstWebhook(rows)
                        .map(webhook -> new CreatedWebhook(
                                webhook, new SigningSecret(WebhookSigner.encodeSecret(secret), null)))));
    }

    /**
     * Reads a page of a user's webhooks, oldest first.
     *
     * @param cursor null for the first page
     */
    Future<WebhookPage> list(String userId, int limit, UUID cursor) {
        return database.client()
                .preparedQuery(WebhookSql.SELECT_PAGE)
                .execute(Tuple.of(userId, cursor, limit + 1))
                .map(rows -> {
                    List<Webhook> found =
                            rows.stream().map(WebhookStore::toWebhook).toList();
                    return found.size() > limit
                            ? new WebhookPage(
                                    found.subList(0, limit),
                                    found.get(limit - 1).id())
                            : new WebhookPage(found, null);
                });
    }

    Future<Optional<Webhook>> find(UUID id, String userId) {
        return database.client()
                .preparedQuery(WebhookSql.SELECT_BY_ID)
                .execute(Tuple.of(id, userId))
                .map(WebhookStore::firstWebhook);
    }

    Future<Optional<Webhook>> update(UUID id, String userId, WebhookSpec webhookSpec) {
        return database.pool()
                .preparedQuery(WebhookSql.UPDATE)
                .execute(Tuple.of(id, userId, webhookSpec.url())
                        .addValue(
                                webhookSpec.eventTypes() == null
                                        ? null
                                        : webhookSpec.eventTypes().toArray(String[]::new))
                        .addString(
                                webhookSpec.payloadFormat() == null
                                        ? null
                                        : webhookSpec.payloadFormat().name())
                        .addString(webhookSpec.description()))
                .map(WebhookStore::firstWebhook);
    }

    /** Deletes a webhook and drops its queued deliveries. Completes with false if the user has no such webhook. */
    Future<Boolean> delete(UUID id, String userId) {
        return executeAndDropQueued(WebhookSql.MARK_DELETED, id, userId).map(rows -> rows.size() > 0);
    }

    Future<Optional<Webhook>> enable(UUID id, String userId) {
        return database.pool()
                .preparedQuery(WebhookSql.ENABLE)
                .execute(Tuple.of(id, userId))
                .map(WebhookStore::firstWebhook);
    }

    Future<Optional<Webhook>> disable(UUID id, String userId) {
        return executeAndDropQueued(WebhookSql.DISABLE, id, userId).map(WebhookStore::firstWebhook);
    }

    /** Executes a statement that disables or deletes a webhook, and drops its queued deliveries in the same transaction. */
    private Future<RowSet<Row>> executeAndDropQueued(String sql, UUID id, String userId) {
        return database.inTransaction(scope -> scope.connection()
                .preparedQuery(sql)
                .execute(Tuple.of(id, userId))
                .compose(rows -> rows.size() == 0
                        ? Future.succeededFuture(rows)
                        : scope.connection()
                                .preparedQuery(WebhookDeliverySql.DROP_QUEUED)
                                .execute(Tuple.of(id))
                                .map(rows)));
    }

    /** Replaces the secret of a webhook. Completes with the new secret and the time until which the previous one also signs. */
    Future<Optional<SigningSecret>> rotateWebhookSecret(UUID id, String userId) {
        byte[] secret = WebhookSigner.generateSecret(random);
        return database.pool()
                .preparedQuery(WebhookSql.ROTATE_WEBHOOK_SECRET)
                .execute(Tuple.of(
                        id,
                        userId,
                        Buffer.buffer(secret),
                        settings.previousSecretTtl().toMillis()))
                .map(rows -> rows.stream().findFirst().map(row -> toSecret(secret, row)));
    }

    /** Returns the user's secret, which signs deliveries to the URL of a request. Creates it if missing. */
    Future<SigningSecret> findOrCreateUserSecret(String userId) {
        return database.pool()
                .preparedQuery(WebhookSql.SELECT_OR_CREATE_USER_SECRET)
                .execute(Tuple.of(userId, Buffer.buffer(WebhookSigner.generateSecret(random))))
                .compose(rows -> rows.size() > 0
                        ? Future.succeededFuture(rows)
                        // A concurrent transaction created the secret.
                        : database.pool()
                                .preparedQuery(WebhookSql.SELECT_OR_CREATE_USER_SECRET)
                                .execute(Tuple.of(userId, Buffer.buffer(WebhookSigner.generateSecret(random)))))
                .map(rows -> {
                    Row row = rows.iterator().next();
                    return toSecret(row.getBuffer("secret").getBytes(), row);
                });
    }

    /** Replaces the user's secret. Completes with the new secret and the time until which the previous one also signs, if any. */
    Future<SigningSecret> rotateUserSecret(String userId) {
        byte[] secret = WebhookSigner.generateSecret(random);
        return database.pool()
                .preparedQuery(WebhookSql.ROTATE_USER_SECRET)
                .execute(Tuple.of(
                        userId,
                        Buffer.buffer(secret),
                        settings.previousSecretTtl().toMillis()))
                .map(rows -> toSecret(secret, rows.iterator().next()));
    }

    /**
     * Target of a test event. Do not compare instances: the arrays in {@code secrets} have no value equality.
     *
     * @param secrets signing secrets, newest first
     * @param sentAt current time by the database clock
     */
    record TestTarget(String url, PayloadFormat payloadFormat, List<byte[]> secrets, OffsetDateTime sentAt) {}

    Future<Optional<TestTarget>> findTestTarget(UUID id, String userId) {
        return database.client()
                .preparedQuery(WebhookSql.SELECT_TEST_TARGET)
                .execute(Tuple.of(id, userId))
                .map(rows -> rows.stream()
                        .findFirst()
                        .map(row -> new TestTarget(
                                row.getString("url"),
                                PayloadFormat.valueOf(row.getString("format")),
                                WebhookSigner.existingSecrets(
                                        row.getBuffer("secret"), row.getBuffer("previous_secret")),
                                row.getOffsetDateTime("sent_at"))));
    }

    private static SigningSecret toSecret(byte[] secret, Row row) {
        return new SigningSecret(
                WebhookSigner.encodeSecret(secret), row.getOffsetDateTime("previous_secret_expires_at"));
    }

    private static Optional<Webhook> firstWebhook(RowSet<Row> rows) {
        return rows.stream().findFirst().map(WebhookStore::toWebhook);
    }

    private static Webhook toWebhook(Row row) {
        String disabledReason = row.getString("disabled_reason");
        return new Webhook(
                row.getUUID("id"),
                row.getString("url"),
                List.of(row.getArrayOfStrings("event_types")),
                PayloadFormat.valueOf(row.getString("format")),
                row.getString("description"),
                row.getOffsetDateTime("disabled_at") == null,
                row.getOffsetDateTime("disabled_at"),
                disabledReason == null ? null : DisableReason.valueOf(disabledReason),
                row.getOffsetDateTime("failing_since"),
                row.getOffsetDateTime("created_at"));
    }
}
