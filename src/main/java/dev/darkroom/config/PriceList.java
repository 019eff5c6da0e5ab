package dev.darkroom.config;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Prices of an AI server. The first rule that matches applies.
 *
 * @param rules in the order of the setting; empty without prices
 */
public record PriceList(List<Rule> rules) {
    /** Contains no price. */
    public static final PriceList EMPTY = new PriceList(List.of());

    private static final String ANY_MODEL = "*";
    private static final Pattern SEPARATOR = Pattern.compile("\\s*,\\s*");
    private static final Pattern RULE = Pattern.compile(
            "(?<model>[^\\s,=]{1,200})(?<terms>(\\s+[A-Za-z0-9_.-]{1,64}){0,4})\\s*=\\s*(?<price>[0-9]{1,9}(\\.[0-9]{1,12})?)");
    private static final int MAX_RULES = 200;

    public PriceList {
        rules = List.copyOf(rules);
    }

    /**
     * Price under conditions.
     *
     * @param model name of the model at the AI server; null for any
     * @param terms all must apply, such as a size; may be empty
     * @param price not negative, in the currency of the settings
     */
    public record Rule(String model, Set<String> terms, BigDecimal price) {
        public Rule {
            terms = Collections.unmodifiableSet(new TreeSet<>(terms));
        }
    }

    /** @throws SettingsException when the text is no list of prices */
    static PriceList read(SettingValue value) {
        if (value.isEmpty()) {
            return EMPTY;
        }
        String[] texts = SEPARATOR.split(value.text(), -1);
        if (texts.length > MAX_RULES) {
            throw value.expected("at most " + MAX_RULES + " prices");
        }
        List<Rule> rules = new ArrayList<>();
        for (String text : texts) {
            Matcher rule = RULE.matcher(text);
            if (!rule.matches()) {
                throw value.expected("prices such as gpt-image-2 1024x1024 high=0.167, *=0.04, separated by commas");
            }
            String terms = rule.group("terms").strip();
            rules.add(new Rule(
                    rule.group("model").equals(ANY_MODEL) ? null : rule.group("model"),
                    terms.isEmpty() ? Set.of() : Set.copyOf(List.of(terms.split("\\s+"))),
                    new BigDecimal(rule.group("price"))));
        }
        return new PriceList(rules);
    }

    /**
     * Finds the price of a model.
     *
     * @param model name of the model at the AI server; null when the AI server chooses
     * @param terms conditions that apply
     */
    public Optional<BigDecimal> find(String model, Set<String> terms) {
        return rules.stream()
                .filter(rule -> rule.model() == null || rule.model().equals(model))
                .filter(rule -> terms.containsAll(rule.terms()))
                .map(Rule::price)
                .findFirst();
    }

    /**
     * Returns the price of images in millionths of the currency, rounded half up; empty without a price.
     *
     * @param model as for {@link #find}
     * @param quality null when the request has none
     */
    public OptionalLong findMicros(String model, int width, int height, String quality, int count) {
        if (rules.isEmpty()) {
            return OptionalLong.empty();
        }
        String size = width + "x" + height;
        return find(model, quality == null ? Set.of(size) : Set.of(size, quality))
                .map(price -> OptionalLong.of(toMicros(price.multiply(BigDecimal.valueOf(count)))))
                .orElse(OptionalLong.empty());
    }

    /** Returns an amount in millionths, rounded half up. */
    public static long toMicros(BigDecimal amount) {
        return amount.movePointRight(6).setScale(0, RoundingMode.HALF_UP).longValueExact();
    }
}
