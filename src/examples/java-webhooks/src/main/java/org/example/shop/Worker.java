package org.example.shop;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** Creates the generations of new orders and processes received webhooks, on one thread. */
final class Worker {
    private static final long RETRY_S = 5;
    private static final long CHECK_S = 60;

    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor();
    private final Store store;
    private final DarkroomClient darkroom;

    Worker(Store store, DarkroomClient darkroom) {
        this.store = store;
        this.darkroom = darkroom;
    }

    void start() {
        thread.scheduleWithFixedDelay(this::work, 0, RETRY_S, TimeUnit.SECONDS);
        // The first check finds the webhooks that the shop missed while it was stopped.
        thread.scheduleWithFixedDelay(this::check, 0, CHECK_S, TimeUnit.SECONDS);
    }

    /** Works now, and not at the next interval. */
    void wake() {
        thread.execute(this::work);
    }

    private void work() {
        each(store::newWebhooks, webhook -> {
            refresh(webhook.generationId());
            store.markProcessed(webhook);
        });
        each(() -> store.ordersWithStatus("NEW"), this::create);
    }

    private void check() {
        each(() -> store.ordersWithStatus("PENDING"), order -> refresh(order.generationId()));
    }

    private void create(Order order) throws IOException, InterruptedException, SQLException {
        DarkroomClient.Reply reply = darkroom.create(order);
        if (reply.isRejection()) {
            update(order.id(), "FAILED", null, reply.body().path("detail").asText());
        } else {
            store(reply.requireSuccess().body());
        }
    }

    /** Reads a generation. A webhook only says that it has ended; this response is the truth. */
    private void refresh(String generationId) throws IOException, InterruptedException, SQLException {
        store(darkroom.generation(generationId));
    }

    /** Stores the state of a generation for its order. */
    private void store(JsonNode generation) throws SQLException {
        JsonNode order = generation.path("metadata").path("order");
        if (order.isTextual()) {
            String id = generation.get("id").asText();
            update(order.asText(), generation.get("status").asText(), id, generation.at("/error/message").asText(null));
        }
    }

    private void update(String orderId, String status, String generationId, String error) throws SQLException {
        // The webhook of the end may arrive before the response to the request that created the generation.
        if (store.updateOrder(orderId, status, generationId, error)) {
            System.out.println("order " + orderId + " " + status);
        }
    }

    private interface Query<T> {
        List<T> rows() throws SQLException;
    }

    private interface Action<T> {
        void accept(T row) throws IOException, InterruptedException, SQLException;
    }

    /** Finishes the open steps of all rows. A row that fails stays unchanged and is tried again. */
    private static <T> void each(Query<T> query, Action<T> action) {
        try {
            for (T row : query.rows()) {
                try {
                    action.accept(row);
                } catch (IOException | RuntimeException e) {
                    System.out.println("failed, trying again: " + e);
                }
            }
        } catch (SQLException e) {
            System.out.println("failed, trying again: " + e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
