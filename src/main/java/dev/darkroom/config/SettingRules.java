package dev.darkroom.config;

import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;

/**
 * Annotations of the record components in {@link Settings}. They state which texts a setting accepts. {@link SettingsBinder}
 * evaluates them.
 */
final class SettingRules {
    /** Minimum age of deleted data. Rejects shorter values, which are most likely mistakes. */
    static final String MIN_AGE = "1h";

    static final String MAX_AGE = "100000h";
    static final String MIN_DURATION = "1ms";
    /** PostgreSQL and sockets store timeouts as 32-bit milliseconds, at most 596 hours. */
    static final String MAX_DURATION = "500h";

    static final int KIB = 1024;
    static final int MIB = 1024 * KIB;
    static final int GIB = 1024 * MIB;
    static final int MILLION = 1_000_000;
    static final int MAX_PORT = 65535;
    static final int MAX_INSTANCES = 256;

    private SettingRules() {}

    /** An empty text means null. */
    @Retention(RetentionPolicy.RUNTIME)
    @interface NullIfEmpty {}

    /** A whole number, or a list of ports. Both bounds are inclusive. */
    @Retention(RetentionPolicy.RUNTIME)
    @interface Range {
        int min() default 0;

        int max();

        /** An empty text means the number of processors. */
        boolean processorsIfEmpty() default false;
    }

    /** A duration, or a list of them. Both bounds are inclusive. */
    @Retention(RetentionPolicy.RUNTIME)
    @interface DurationRange {
        String min() default MIN_DURATION;

        String max() default MAX_DURATION;

        boolean wholeSeconds() default false;
    }

    /** A text of a format, or a list. A list may be empty too. */
    @Retention(RetentionPolicy.RUNTIME)
    @interface Format {
        TextFormat value();
    }

    /** An absolute http or https URL. */
    @Retention(RetentionPolicy.RUNTIME)
    @interface HttpUrl {
        /** Keeps trailing slashes, which are removed otherwise. */
        boolean exact() default false;

        /** Ends in {@code /v1} for a backend of the type {@code openai}. */
        boolean openAi() default false;
    }

    /** A path, relative to the working directory. The value describes its target for messages. */
    @Retention(RetentionPolicy.RUNTIME)
    @interface PathOf {
        String value();
    }

    /** Networks such as {@code 10.0.0.0/8}, separated by commas. The list may be empty. */
    @Retention(RetentionPolicy.RUNTIME)
    @interface Networks {}
}
