package dev.darkroom.kafka;

import dev.darkroom.queue.LeasedQueueSql;

/** SQL of the outbox and of the lease of its publisher. */
final class EventOutboxSql {
    /** Time for which notifications are added to the outbox after the last renewal, so at least a week after the last process. */
    private static final String ACTIVE_TIME = "interval '8 days'";

    /** Condition of all notifications, evaluated once per statement: whether they are added to the outbox. */
    static final String IS_ACTIVE =
            "(SELECT EXISTS (SELECT FROM event_publication WHERE name = 'kafka' AND active_until > now()))";

    /**
     * Adds events, in the order of the arrays, in the transaction that stores their notifications. That transaction holds the lock of each
     * user's row since it assigned the sequence number, and keeps it until the commit. So the ids of a user ascend in the order of the
     * commits: a reader that sees an event sees all earlier events of the user that are not deleted, with smaller ids.
     */
    static final String INSERT_EVENTS = """
            INSERT INTO event_outbox (user_id, event)
            SELECT user_id, event FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS e (user_id, event, ordinal) ORDER BY ordinal""";

    /**
     * Waits for the transactions that evaluated {@link #IS_ACTIVE}, and makes later ones wait, until the transaction ends. Without the
     * lock, a transaction that evaluated the condition before the activation could commit after one that evaluated it later, and the
     * events of a user would have a gap.
     */
    static final String LOCK_PUBLICATION = "LOCK TABLE event_publication IN ACCESS EXCLUSIVE MODE";

    /** Limits the time for which {@link #LOCK_PUBLICATION} delays the ends of generations, such as behind a backup. */
    static final String LIMIT_LOCK_WAIT = "SET LOCAL lock_timeout = '500ms'";

    /** Starts adding notifications to the outbox. Repeated calls extend the time. */
    static final String ACTIVATE = """
            INSERT INTO event_publication (name, active_until) VALUES ('kafka', now() + %1$s)
            ON CONFLICT (name) DO UPDATE SET active_until = now() + %1$s""".formatted(ACTIVE_TIME);

    /** Extends the time, at most once a day. Changes no row when it has expired. Concurrent calls have the same result. */
    static final String RENEW = """
            UPDATE event_publication SET active_until = now() + %1$s
            WHERE name = 'kafka' AND active_until BETWEEN now() AND now() + %1$s - interval '1 day'""".formatted(ACTIVE_TIME);

    /** Reads whether events are added, the age of the oldest one in seconds, and the number of events, counted up to 100,000. */
    static final String SELECT_STATE = """
            SELECT %s AS active,
              (SELECT extract(epoch FROM now() - created_at)::float8 FROM event_outbox ORDER BY id LIMIT 1) AS age,
              (SELECT count(*) FROM (SELECT FROM event_outbox ORDER BY id LIMIT 100000) w) AS waiting""".formatted(IS_ACTIVE);

    /**
     * Makes the node {@code $1} the publisher if there is none, or its node has expired. Concurrent claims wait for the row lock and then
     * evaluate the condition again, so one of them succeeds. An expired node never revives; after a step of the database clock, the
     * publisher may seem expired although it runs: then the broker fences it, see {@link KafkaEventProducer}.
     */
    static final String CLAIM = """
            UPDATE event_publication p SET publisher = $1 WHERE p.name = 'kafka'
              AND (p.publisher IS NULL OR p.publisher = $1
                OR NOT EXISTS (SELECT FROM nodes o WHERE o.id = p.publisher AND o.expires_at > now()))
              AND %s
            RETURNING p.name""".formatted(LeasedQueueSql.NODE_IS_ALIVE);

    /** Ends the lease of the node {@code $1}. Changes no row if another node has it. */
    static final String RELEASE =
            "UPDATE event_publication SET publisher = NULL WHERE name = 'kafka' AND publisher = $1";

    /**
     * Selects the first {@code $2} events if the node {@code $1} is the publisher: no row if it is not, a row of nulls without events. An
     * event with a smaller id may become visible later, but never one of the same user, see {@link #INSERT_EVENTS}. So the order of a user
     * is kept, and since published events are deleted one by one, no event is skipped.
     */
    static final String SELECT_EVENTS = """
            SELECT e.id, e.user_id, e.event FROM event_publication p
              LEFT JOIN LATERAL (SELECT o.id, o.user_id, o.event FROM event_outbox o ORDER BY o.id LIMIT $2) e ON true
            WHERE p.name = 'kafka' AND p.publisher = $1 ORDER BY e.id""";

    /**
     * Deletes events that the broker has committed. Needs no lease: committed events must never be published again, also if another
     * node is the publisher by now.
     */
    static final String DELETE_PUBLISHED = "DELETE FROM event_outbox WHERE id = ANY ($1::bigint[])";

    private EventOutboxSql() {}
}
