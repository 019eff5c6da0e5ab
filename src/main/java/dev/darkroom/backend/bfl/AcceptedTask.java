package dev.darkroom.backend.bfl;

import java.math.BigDecimal;
import java.util.Map;

/**
 * Response to a submission. Immutable.
 *
 * @param usage the credits of the task as {@code cost}; empty when the AI server does not state them
 */
record AcceptedTask(TaskReference task, Map<String, BigDecimal> usage) {}
