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

    private static final String SEPARATOR = "\\s*,\\s*";
    private static final String HOST = "[^\\s/@?#\\[\\]]{1,255}";
    private static final String HOST_NAME = "[a-z0-9_.\\-]{1,255}";
    private static final String ORIGIN = "https?://[a-z0-9.\\-\\[\\]:]{1,255}";
    private static final String MEMBER = "[^\\s/@?#\\[\\],:]{1,255}:[0-9]{1,5}";

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

    /** Annotates an annotation of components: a text that matches an expression as a whole. A list may be empty too. */
    @Retention(RetentionPolicy.RUNTIME)
    @interface Matches {
        String regex();

        /** Description of the expression for messages. */
        String expected();
    }

    /** An absolute http or https URL. */
    @Retention(RetentionPolicy.RUNTIME)
    @interface HttpUrl {
        /** Keeps trailing slashes, which are removed otherwise. */
        boolean exact() default false;

        boolean endsInV1() default false;
    }

    /** A path, relative to the working directory. The value describes its target for messages. */
    @Retention(RetentionPolicy.RUNTIME)
    @interface PathOf {
        String value();
    }

    /** Networks such as {@code 10.0.0.0/8}, separated by commas. The list may be empty. */
    @Retention(RetentionPolicy.RUNTIME)
    @interface Networks {}

    /** Characters of a header value (RFC 9110, section 5.5). A line break would inject another header. */
    @Retention(RetentionPolicy.RUNTIME)
    @Matches(regex = "[\\x21-\\x7e]{1,4096}", expected = "printable ASCII without spaces")
    @interface BearerToken {}

    /** RFC 7519, section 2: a StringOrURI, or the name of a claim. */
    @Retention(RetentionPolicy.RUNTIME)
    @Matches(regex = "[^\\p{Cntrl}]{1,500}", expected = "1 to 500 characters and no control characters")
    @interface Claim {}

    /** Host and port of each member. */
    @Retention(RetentionPolicy.RUNTIME)
    @Matches(regex = MEMBER + "(" + SEPARATOR + MEMBER + ")*", expected = "host:port, separated by commas")
    @interface ClusterMembers {}

    /** DNS name of a service. */
    @Retention(RetentionPolicy.RUNTIME)
    @Matches(regex = HOST, expected = "a DNS name")
    @interface DnsName {}

    /** Host name or address of this process. */
    @Retention(RetentionPolicy.RUNTIME)
    @Matches(regex = HOST, expected = "a host name or an IP address without brackets")
    @interface Host {}

    /** Host names as in the header {@code Host} of browsers, without a port. */
    @Retention(RetentionPolicy.RUNTIME)
    @Matches(
            regex = HOST_NAME + "(" + SEPARATOR + HOST_NAME + ")*",
            expected = "host names without ports, in lower case, separated by commas")
    @interface HostNames {}

    /** Name of a model of an AI server. */
    @Retention(RetentionPolicy.RUNTIME)
    @Matches(regex = "[^\\p{Cntrl}]{1,200}", expected = "at most 200 characters and no control characters")
    @interface Model {}

    /** Name of a part of the service. */
    @Retention(RetentionPolicy.RUNTIME)
    @Matches(regex = "[a-z0-9-]{1,40}", expected = "1 to 40 of a-z, 0-9 and hyphen")
    @interface Name {}

    /** Origins as in the header {@code Origin} of browsers: without a path and without a default port. */
    @Retention(RetentionPolicy.RUNTIME)
    @Matches(
            regex = "\\*|" + ORIGIN + "(" + SEPARATOR + ORIGIN + ")*",
            expected = "origins such as https://app.example.org, separated by commas, or *")
    @interface Origins {}

    /** Host name or address by which other processes reach this one. */
    @Retention(RetentionPolicy.RUNTIME)
    @Matches(
            regex = "(?!0\\.0\\.0\\.0$|[:0]+$|\\*$)" + HOST,
            expected = "an address by which others reach this machine, not a wildcard")
    @interface ReachableHost {}

    /** Path below a URL. */
    @Retention(RetentionPolicy.RUNTIME)
    @Matches(regex = "/[0-9A-Za-z._~/-]{1,200}", expected = "a path such as /models")
    @interface UrlPath {}
}
