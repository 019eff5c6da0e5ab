package dev.darkroom.config;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Budgets of single users. Immutable.
 *
 * @param byUser by name; may be empty
 */
public record UserBudgets(Map<String, Budget> byUser) {
    private static final String EXPECTED =
            "budgets per day and month such as mary=10/200, ci=-/50, separated by commas; - for no limit";

    public UserBudgets {
        byUser = Map.copyOf(byUser);
    }

    /** @throws SettingsException when the text is no list of budgets */
    static UserBudgets read(SettingValue value) {
        Map<String, Budget> budgets = new LinkedHashMap<>();
        if (!value.isEmpty()) {
            for (String text : value.text().split("\\s*,\\s*", -1)) {
                int equals = text.lastIndexOf('=');
                String[] limits = text.substring(equals + 1).strip().split("\\s*/\\s*", -1);
                if (equals < 1 || limits.length != 2) {
                    throw value.expected(EXPECTED);
                }
                Budget budget = new Budget(limit(value, limits[0]), limit(value, limits[1]));
                if (budgets.put(text.substring(0, equals).strip(), budget) != null) {
                    throw value.expected("each user once");
                }
            }
        }
        return new UserBudgets(budgets);
    }

    private static Amount limit(SettingValue value, String text) {
        try {
            return text.equals("-") ? null : Amount.parse(text);
        } catch (IllegalArgumentException e) {
            throw value.expected(EXPECTED);
        }
    }
}
