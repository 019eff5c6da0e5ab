package dev.darkroom.fleet;

import java.time.Duration;

/** Unfinished work of the installation at one time. */
record QueueMeasurement(Queue generations, Queue deliveries) {

    /**
     * Unfinished work of one queue.
     *
     * @param due number of jobs that wait for an attempt, counted up to a limit
     * @param delayed number of jobs that wait for the time of their next attempt, counted up to a limit
     * @param running number of jobs in an attempt
     * @param oldestDue time since the oldest due job became due; zero without one
     */
    record Queue(long due, long delayed, long running, Duration oldestDue) {}
}
