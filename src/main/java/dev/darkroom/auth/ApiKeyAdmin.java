package dev.darkroom.auth;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.database.DatabaseException;
import dev.darkroom.database.JdbcConnectionFactory;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Creates, lists and revokes API keys and rotates the URL signing keys, for the command line. Needs access to the database. Blocking,
 * for one thread.
 */
public final class ApiKeyAdmin implements AutoCloseable {
    /** Maximum time that a statement may take. Every statement of this class normally takes less than a second. */
    private static final Duration STATEMENT_TIMEOUT = Duration.ofSeconds(60);

    private final DatabaseUrl url;
    private final Connection connection;

    private ApiKeyAdmin(DatabaseUrl url, Connection connection) {
        this.url = url;
        this.connection = connection;
    }

    /** @throws DatabaseException with a message of one line when the database is unreachable or rejects the connection */
    public static ApiKeyAdmin open(DatabaseUrl url) {
        try {
            return new ApiKeyAdmin(url, JdbcConnectionFactory.connect(url, "darkroom keys", STATEMENT_TIMEOUT));
        } catch (SQLException e) {
            throw JdbcConnectionFactory.toException(url, e);
        }
    }

    /**
     * A stored API key, without its secret.
     *
     * @param expiresAt null when the key never expires
     * @param revokedAt null when the key was not revoked
     * @param valid whether the key is neither expired nor revoked, by the database's clock
     */
    public record StoredKey(
            String id,
            String user,
            Role role,
            Instant createdAt,
            Instant expiresAt,
            Instant revokedAt,
            boolean valid) {}

    /**
     * Stores a new key.
     *
     * @param lifetime null for a key that never expires
     * @return the time of expiry; empty when the key never expires
     */
    public Optional<Instant> create(ApiKey key, Principal owner, Duration lifetime) {
        return executeStatement(AuthSql.INSERT_API_KEY, insert -> {
            insert.setString(1, key.id());
            insert.setString(2, key.hash());
            insert.setString(3, owner.user());
            insert.setString(4, owner.role().text());
            insert.setObject(5, lifetime == null ? null : lifetime.toMillis(), Types.BIGINT);
            try (ResultSet row = insert.executeQuery()) {
                row.next();
                return Optional.ofNullable(readInstant(row, "expires_at"));
            }
        });
    }

    /** Returns all keys, revoked and expired ones too, the oldest first. */
    public List<StoredKey> list() {
        return executeStatement(AuthSql.SELECT_API_KEYS, select -> {
            List<StoredKey> entries = new ArrayList<>();
            try (ResultSet row = select.executeQuery()) {
                while (row.next()) {
                    entries.add(new StoredKey(
                            row.getString("id"),
                            row.getString("user_id"),
                            Role.of(row.getString("role")),
                            readInstant(row, "created_at"),
                            readInstant(row, "expires_at"),
                            readInstant(row, "revoked_at"),
                            row.getBoolean("valid")));
                }
            }
            return entries;
        });
    }

    /** Revokes a key and returns its user; empty when no such key exists. Idempotent. */
    public Optional<String> revoke(String id) {
        return executeStatement(AuthSql.REVOKE_API_KEY, update -> {
            update.setString(1, id);
            try (ResultSet row = update.executeQuery()) {
                return row.next() ? Optional.of(row.getString("user_id")) : Optional.empty();
            }
        });
    }

    /**
     * Stores a new URL signing key. URLs signed with an older key stay valid for {@code grace} at most.
     *
     * @return the ID of the new key
     */
    public int rotateUrlSigningKeys(byte[] secret, Duration grace) {
        return executeStatement(AuthSql.ROTATE_URL_SIGNING_KEYS, insert -> {
            insert.setLong(1, grace.toMillis());
            insert.setBytes(2, secret);
            try (ResultSet row = insert.executeQuery()) {
                row.next();
                return row.getInt("id");
            }
        });
    }

    private interface StatementFunction<T> {
        T apply(PreparedStatement statement) throws SQLException;
    }

    private <T> T executeStatement(String sql, StatementFunction<T> statementFunction) {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            return statementFunction.apply(statement);
        } catch (SQLException e) {
            throw JdbcConnectionFactory.toException(url, e);
        }
    }

    private static Instant readInstant(ResultSet row, String column) throws SQLException {
        OffsetDateTime time = row.getObject(column, OffsetDateTime.class);
        return time == null ? null : time.toInstant();
    }

    @Override
    public void close() {
        try {
            connection.close();
        } catch (SQLException e) {
            throw JdbcConnectionFactory.toException(url, e);
        }
    }
}
