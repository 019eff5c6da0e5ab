package dev.darkroom.access;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.database.DatabaseException;
import dev.darkroom.database.Jdbc;
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
public final class KeyCabinet implements AutoCloseable {
    /** How long the database may take for an answer; no statement here takes a second. */
    private static final Duration ANSWER = Duration.ofSeconds(60);

    private final DatabaseUrl url;
    private final Connection connection;

    private KeyCabinet(DatabaseUrl url, Connection connection) {
        this.url = url;
        this.connection = connection;
    }

    /** @throws DatabaseException in one line when the database cannot be reached or refuses us */
    public static KeyCabinet open(DatabaseUrl url) {
        try {
            return new KeyCabinet(url, Jdbc.connect(url, "darkroom keys", ANSWER));
        } catch (SQLException e) {
            throw Jdbc.failure(url, e);
        }
    }

    /**
     * What is known of a key.
     *
     * @param expiresAt null when it does not expire by itself
     * @param revokedAt null when it was not revoked
     */
    public record Entry(
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
    public Optional<Instant> add(ApiKey key, Caller owner, Duration lifetime) {
        return run(AccessSql.CREATE, insert -> {
            insert.setString(1, key.id());
            insert.setString(2, key.hash());
            insert.setString(3, owner.user());
            insert.setString(4, owner.role().word());
            insert.setObject(5, lifetime == null ? null : lifetime.toMillis(), Types.BIGINT);
            try (ResultSet row = insert.executeQuery()) {
                row.next();
                return Optional.ofNullable(instant(row, "expires_at"));
            }
        });
    }

    /** All that ever were, the oldest first. */
    public List<Entry> list() {
        return run(AccessSql.LIST, select -> {
            List<Entry> entries = new ArrayList<>();
            try (ResultSet row = select.executeQuery()) {
                while (row.next()) {
                    entries.add(new Entry(
                            row.getString("id"),
                            row.getString("user_id"),
                            Role.of(row.getString("role")),
                            instant(row, "created_at"),
                            instant(row, "expires_at"),
                            instant(row, "revoked_at"),
                            row.getBoolean("valid")));
                }
            }
            return entries;
        });
    }

    /** Whose key it was; empty when there is no such key. Once more does no harm. */
    public Optional<String> revoke(String id) {
        return run(AccessSql.REVOKE, update -> {
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
    public int rotateLinkKeys(byte[] secret, Duration grace) {
        return run(AccessSql.ROTATE_LINK_KEYS, insert -> {
            insert.setLong(1, grace.toMillis());
            insert.setBytes(2, secret);
            try (ResultSet row = insert.executeQuery()) {
                row.next();
                return row.getInt("id");
            }
        });
    }

    private interface Work<T> {
        T with(PreparedStatement statement) throws SQLException;
    }

    private <T> T run(String sql, Work<T> work) {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            return work.with(statement);
        } catch (SQLException e) {
            throw Jdbc.failure(url, e);
        }
    }

    private static Instant instant(ResultSet row, String column) throws SQLException {
        OffsetDateTime time = row.getObject(column, OffsetDateTime.class);
        return time == null ? null : time.toInstant();
    }

    @Override
    public void close() {
        try {
            connection.close();
        } catch (SQLException e) {
            throw Jdbc.failure(url, e);
        }
    }
}
