package org.example.shop;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Stores orders and received webhooks, so that they survive a restart. Thread-safe. */
final class Store {
    private final Connection connection;

    /** A webhook that is not processed yet. */
    record NewWebhook(String id, String generationId) {}

    Store(String file) throws SQLException {
        connection = DriverManager.getConnection("jdbc:sqlite:" + file);
        try (Statement statement = connection.createStatement()) {
            statement.execute("PRAGMA journal_mode = WAL");
            statement.execute("CREATE TABLE IF NOT EXISTS orders (id TEXT PRIMARY KEY, prompt TEXT NOT NULL,"
                    + " status TEXT NOT NULL, generation_id TEXT, error TEXT)");
            // The primary key makes a repeated delivery harmless.
            statement.execute("CREATE TABLE IF NOT EXISTS webhooks (id TEXT PRIMARY KEY, generation_id TEXT NOT NULL,"
                    + " processed INTEGER NOT NULL DEFAULT 0)");
        }
    }

    void insertOrder(String id, String prompt) throws SQLException {
        change("INSERT INTO orders (id, prompt, status) VALUES (?, ?, 'NEW')", id, prompt);
    }

    Optional<Order> order(String id) throws SQLException {
        return orders("id", id).stream().findFirst();
    }

    List<Order> ordersWithStatus(String status) throws SQLException {
        return orders("status", status);
    }

    /** Returns false if the order has the status already, or has ended: then it never changes. */
    boolean updateOrder(String id, String status, String generationId, String error) throws SQLException {
        return change(
                        "UPDATE orders SET status = ?, generation_id = ?, error = ?"
                                + " WHERE id = ? AND status <> ? AND status IN ('NEW', 'PENDING')",
                        status,
                        generationId,
                        error,
                        id,
                        status)
                == 1;
    }

    /** Returns false if the webhook was received before. */
    boolean insertWebhook(String id, String generationId) throws SQLException {
        return change("INSERT OR IGNORE INTO webhooks (id, generation_id) VALUES (?, ?)", id, generationId) == 1;
    }

    synchronized List<NewWebhook> newWebhooks() throws SQLException {
        List<NewWebhook> found = new ArrayList<>();
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SELECT id, generation_id FROM webhooks WHERE processed = 0")) {
            while (rows.next()) {
                found.add(new NewWebhook(rows.getString(1), rows.getString(2)));
            }
        }
        return found;
    }

    void markProcessed(NewWebhook webhook) throws SQLException {
        change("UPDATE webhooks SET processed = 1 WHERE id = ?", webhook.id());
    }

    private synchronized List<Order> orders(String column, String value) throws SQLException {
        List<Order> found = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(
                "SELECT id, prompt, status, generation_id, error FROM orders WHERE " + column + " = ?")) {
            statement.setString(1, value);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    found.add(new Order(
                            row.getString(1), row.getString(2), row.getString(3), row.getString(4), row.getString(5)));
                }
            }
        }
        return found;
    }

    private synchronized int change(String sql, String... values) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            for (int i = 0; i < values.length; i++) {
                statement.setString(i + 1, values[i]);
            }
            return statement.executeUpdate();
        }
    }
}
