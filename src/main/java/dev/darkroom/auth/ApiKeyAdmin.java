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

/** Makes, lists and revokes API keys, for whoever may use the database. Blocking, for one thread. */
public final class ApiKeyAdmin implements AutoCloseable {
    /** How long the database may take for an answer; no statement here takes a second. */
    private static final Duration STATEMENT_TIMEOUT = Duration.ofSeconds(60);

    private final DatabaseUrl url;
    private final Connection connection;

    private ApiKeyAdmin(DatabaseUrl url, Connection connection) {
        this.url = url;
        this.connection = connection;
    }

    /** @throws DatabaseException in one line when the database cannot be reached or refuses us */
    public static ApiKeyAdmin open(DatabaseUrl url) {
        try {
            return new ApiKeyAdmin(url, JdbcConnectionFactory.connect(url, "darkroom keys", STATEMENT_TIMEOUT));
        } catch (SQLException e) {
            throw JdbcConnectionFactory.toException(url, e);
        }
    }

    /**
     * What is known of a key.
     *
     * @param expiresAt null when it does not expire by itself
     * @param revokedAt null when it was not revoked
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
     * @param lifetime null for a key that does not expire by itself
     * @return when it expires; empty when it does not
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

    /** All that ever were, the oldest first. */
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

    /** Whose key it was; empty when there is no such key. Once more does no harm. */
    public Optional<String> revoke(String id) {
        return executeStatement(AuthSql.REVOKE_API_KEY, update -> {
            update.setString(1, id);
            try (ResultSet row = update.executeQuery()) {
                return row.next() ? Optional.of(row.getString("user_id")) : Optional.empty();
            }
        });
    }

    /**
     * Makes a new key for picture links. Links that were signed with those before it are good for {@code grace} at most.
     *
     * @return which key signs now
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
