package dev.darkroom.usage;

import java.time.LocalDate;

/**
 * Usage of one day, model and backend. Immutable.
 *
 * @param user null for the usage of one user, and for that of erased users
 * @param day in UTC, on which the attempts started
 * @param model of the requests; null for requests without one
 */
public record UsageItem(String user, LocalDate day, String model, String backend, UsageSums sums) {}
