package dev.darkroom.config;

import java.util.regex.Pattern;

/** Formats of settings that are texts, for {@link SettingRules.Format}. */
enum TextFormat {
    /** Characters of a header value (RFC 9110, section 5.5). A line break would inject another header. */
    API_KEY("[\\x21-\\x7e]{1,4096}", "printable ASCII without spaces"),
    /** Name of a bucket. Old buckets may have upper-case letters and underscores. */
    BUCKET("[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9]", "the name of a bucket"),
    /** RFC 7519, section 2: a StringOrURI, or the name of a claim. */
    CLAIM("[^\\p{Cntrl}]{1,500}", "1 to 500 characters and no control characters"),
    /** Host and port of each member. */
    CLUSTER_MEMBERS(listOf("[^\\s/@?#\\[\\],:]{1,255}:[0-9]{1,5}"), "host:port, separated by commas"),
    /** Currency code of ISO 4217. */
    CURRENCY("[A-Z]{3}", "three capital letters such as USD"),
    /** DNS name of a service. */
    DNS_NAME(hostPattern(), "a DNS name"),
    /** Headers of HTTP requests, as in OTEL_EXPORTER_OTLP_HEADERS. */
    HEADERS(
            listOf("[A-Za-z0-9_-]{1,100}=[\\x20-\\x2b\\x2d-\\x7e]{1,4096}"),
            "name=value pairs of printable ASCII, separated by commas"),
    /** Host name or address of this process. */
    HOST(hostPattern(), "a host name or an IP address without brackets"),
    /** Host names as in the header {@code Host} of browsers, without a port. */
    HOST_NAMES(listOf("[a-z0-9_.\\-]{1,255}"), "host names without ports, in lower case, separated by commas"),
    /** Formats of images. */
    IMAGE_FORMATS(listOf("(png|jpeg|webp|avif)"), "some of png, jpeg, webp, avif, separated by commas"),
    /** Inputs of a model: names, each optionally with the name at the model. */
    INPUT_FIELDS(
            "auto|"
                    + listOf(
                            "(prompt|negative_prompt|seed|width|height|num_outputs|image_size|image|images|mask)(=[A-Za-z_][A-Za-z0-9_]{0,62})?"),
            "auto, or some of prompt, negative_prompt, seed, width, height, num_outputs, image_size, image, images, mask, separated by commas, each optionally with a name of the model such as num_outputs=num_images"),
    /** Name of a model of an AI server. */
    MODEL("[^\\p{Cntrl}]{1,200}", "at most 200 characters and no control characters"),
    /** Name of a part of the service. */
    NAME("[a-z0-9-]{1,40}", "1 to 40 of a-z, 0-9 and hyphen"),
    /** Origins as in the header {@code Origin} of browsers: without a path and without a default port. */
    ORIGINS(
            "\\*|" + listOf("https?://[a-z0-9.\\-\\[\\]:]{1,255}"),
            "origins such as https://app.example.org, separated by commas, or *"),
    /** Prefix of object keys, of characters that need no encoding in URLs. */
    OBJECT_PREFIX("([A-Za-z0-9_-][A-Za-z0-9._-]{0,99}/){0,10}", "empty, or a prefix that ends in /, such as darkroom/"),
    /** Host name or address by which other processes reach this one. */
    REACHABLE_HOST(
            "(?!0\\.0\\.0\\.0$|[:0]+$|\\*$)" + hostPattern(),
            "an address by which others reach this machine, not a wildcard"),
    /** Sizes of images in pixels. */
    SIZES(listOf("[1-9][0-9]{1,3}x[1-9][0-9]{1,3}"), "sizes such as 1024x1024, 1536x1024, separated by commas"),
    /** Storage class of objects. */
    STORAGE_CLASS("[A-Z0-9_]{1,40}", "a storage class such as INTELLIGENT_TIERING"),
    /** Name of a topic in Kafka. */
    TOPIC("[A-Za-z0-9._-]{1,249}", "1 to 249 of A-Z, a-z, 0-9, dot, underscore and hyphen"),
    /** Path below a URL. */
    URL_PATH("auto|/[0-9A-Za-z._~/-]{1,200}", "auto, or a path such as /models");

    private final Pattern pattern;
    private final String expected;

    TextFormat(String regex, String expected) {
        this.pattern = Pattern.compile(regex);
        this.expected = expected;
    }

    private static String hostPattern() {
        return "[^\\s/@?#\\[\\]]{1,255}";
    }

    private static String listOf(String element) {
        return element + "(\\s*,\\s*" + element + ")*";
    }

    /** Returns whether a text has this format as a whole. */
    boolean matches(String text) {
        return pattern.matcher(text).matches();
    }

    /** Returns the description for messages. */
    String expected() {
        return expected;
    }

    /** Returns the text of a setting. Fails when it does not have this format as a whole. */
    String read(SettingValue settingValue) {
        return settingValue.matching(pattern, expected);
    }
}
