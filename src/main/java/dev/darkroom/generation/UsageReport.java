package dev.darkroom.generation;

import dev.darkroom.usage.UsageItem;
import dev.darkroom.usage.UsageSums;
import java.time.LocalDate;
import java.util.List;

/**
 * Usage of a period. Immutable.
 *
 * @param userId user of the command
 * @param currency of the costs
 * @param from first day in UTC
 * @param to last day in UTC
 * @param items by day, user, model and backend
 */
public record UsageReport(String userId, String currency, LocalDate from, LocalDate to, List<UsageItem> items)
        implements GenerationResult {
    public UsageReport {
        items = List.copyOf(items);
    }

    /** Returns the sums over all items. */
    public UsageSums total() {
        return items.stream().map(UsageItem::sums).reduce(UsageSums.ZERO, UsageSums::plus);
    }
}
