package dev.darkroom.docs;

import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Evaluates arithmetic of numbers, names, {@code + - * /}, parentheses, {@code min}, {@code max} and {@code ceil}. */
final class ModelExpression {
    private static final Pattern TOKEN = Pattern.compile("\\s*([0-9.]+|[a-z_]+|[-+*/(),])");

    private final Matcher tokens;
    private final Map<String, Double> values;
    private String next;

    private ModelExpression(String text, Map<String, Double> values) {
        this.tokens = TOKEN.matcher(text);
        this.values = values;
        advance();
    }

    /** Returns the value of an expression; fails for an unknown name or invalid text. */
    static double evaluate(String text, Map<String, Double> values) {
        ModelExpression expression = new ModelExpression(text, values);
        double value = expression.sum();
        if (!expression.next.isEmpty()) {
            throw new IllegalArgumentException("unexpected " + expression.next + " in " + text);
        }
        return value;
    }

    private String advance() {
        String current = next;
        next = tokens.lookingAt() ? tokens.group(1) : "";
        tokens.region(next.isEmpty() ? tokens.regionStart() : tokens.end(), tokens.regionEnd());
        return current;
    }

    private double sum() {
        double value = product();
        while (next.equals("+") || next.equals("-")) {
            value = advance().equals("+") ? value + product() : value - product();
        }
        return value;
    }

    private double product() {
        double value = factor();
        while (next.equals("*") || next.equals("/")) {
            value = advance().equals("*") ? value * factor() : value / factor();
        }
        return value;
    }

    private double factor() {
        String token = advance();
        if (token.equals("(")) {
            double value = sum();
            advance();
            return value;
        }
        if (Character.isDigit(token.charAt(0))) {
            return Double.parseDouble(token);
        }
        return next.equals("(") ? call(token) : name(token);
    }

    private double name(String name) {
        if (!values.containsKey(name)) {
            throw new IllegalArgumentException("unknown name " + name);
        }
        return values.get(name);
    }

    private double call(String function) {
        advance();
        double value = sum();
        while (next.equals(",")) {
            advance();
            double other = sum();
            value = function.equals("max") ? Math.max(value, other) : Math.min(value, other);
        }
        advance();
        return function.equals("ceil") ? Math.ceil(value) : value;
    }
}
