package dev.darkroom.config;

import dev.darkroom.config.BackendSettings.RequestField;
import dev.darkroom.config.SettingRules.DurationRange;
import dev.darkroom.config.SettingRules.Format;
import dev.darkroom.config.SettingRules.HttpUrl;
import dev.darkroom.config.SettingRules.Networks;
import dev.darkroom.config.SettingRules.NullIfEmpty;
import dev.darkroom.config.SettingRules.PathOf;
import dev.darkroom.config.SettingRules.Range;
import io.netty.util.NetUtil;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.net.URI;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Creates the records of {@link Settings} from texts. A record component has the name of its setting, and a nested record is a
 * section. The type of a component and its {@link SettingRules} determine the accepted texts. Binds in the order
 * of the components, which is the order of the file.
 *
 * @param base absolute; relative paths in settings resolve against it
 */
record SettingsBinder(LayeredSettings layeredSettings, Path base) {
    private static final Pattern SEPARATOR = Pattern.compile("\\s*,\\s*");
    private static final Pattern PORTS = Pattern.compile("\\*|[0-9]{1,5}(\\s*,\\s*[0-9]{1,5})*");
    private static final Pattern NETWORK = Pattern.compile("(?<address>[0-9A-Fa-f:.]+)(/(?<bits>[0-9]{1,3}))?");
    private static final int MAX_DURATIONS = 20;

    /** @throws SettingsException for the first invalid setting */
    Settings bind() {
        return bind(Settings.class, "");
    }

    private <T> T bind(Class<T> section, String prefix) {
        RecordComponent[] components = section.getRecordComponents();
        Object[] values = new Object[components.length];
        for (int i = 0; i < components.length; i++) {
            Class<?> type = components[i].getType();
            String path = prefix + components[i].getName();
            values[i] = switch (path) {
                case "backends" -> bindBackends();
                case "models" -> new ModelSettingsReader(layeredSettings, bindBackends()).read();
                default -> isSection(type) ? bind(type, path + ".") : convert(path, components[i]);
            };
        }
        Class<?>[] types = Stream.of(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
        try {
            return section.getDeclaredConstructor(types).newInstance(values);
        } catch (ReflectiveOperationException e) {
            throw new LinkageError(section.getName(), e);
        }
    }

    /** Returns whether a component is a section of settings rather than one setting. */
    static boolean isSection(Class<?> type) {
        return type.isRecord()
                && (type.isMemberClass()
                        || type == BackendSettings.class
                        || type == KafkaSettings.class
                        || type == S3Settings.class
                        || type == TracingSettings.class);
    }

    /** Returns the named backends; without any, that of the section {@code backend}. */
    private List<BackendSettings> bindBackends() {
        List<String> names = layeredSettings.backendNames();
        return names.isEmpty()
                ? List.of(bind(BackendSettings.class, "backend."))
                : names.stream()
                        .map(name -> bind(BackendSettings.class, "backends." + name + "."))
                        .toList();
    }

    private Object convert(String path, RecordComponent component) {
        SettingValue settingValue = layeredSettings.get(path);
        Class<?> type = component.getType();
        if (settingValue.isEmpty() && component.isAnnotationPresent(NullIfEmpty.class)) {
            return null;
        } else if (type == boolean.class) {
            return settingValue.bool();
        } else if (type == int.class) {
            return integer(settingValue, component.getAnnotation(Range.class));
        } else if (type == double.class) {
            return settingValue.ratio();
        } else if (type == Duration.class) {
            return duration(settingValue, component.getAnnotation(DurationRange.class));
        } else if (type == String.class) {
            return component.getAnnotation(Format.class).value().read(settingValue);
        } else if (type == Secret.class) {
            return settingValue.isEmpty()
                    ? Secret.NONE
                    : new Secret(component.getAnnotation(Format.class).value().read(settingValue));
        } else if (type == Path.class) {
            return filePath(settingValue, component.getAnnotation(PathOf.class).value());
        } else if (type == URI.class) {
            return url(settingValue, component.getAnnotation(HttpUrl.class), path);
        } else if (type == PriceList.class) {
            return PriceList.read(settingValue);
        } else if (type == UserBudgets.class) {
            return UserBudgets.read(settingValue);
        } else if (type == Amount.class) {
            return amount(settingValue);
        } else if (type == DatabaseUrl.class) {
            return new DatabaseUrlReader(settingValue, base).read();
        } else if (type.isEnum()) {
            Object[] constants = type.getEnumConstants();
            String expected = Stream.of(constants).map(SettingsBinder::textOf).collect(Collectors.joining(" or "));
            return constant(settingValue, settingValue.text(), constants, expected);
        }
        return collection(settingValue, component);
    }

    private static int integer(SettingValue settingValue, Range range) {
        return settingValue.isEmpty() && range.processorsIfEmpty()
                ? Runtime.getRuntime().availableProcessors()
                : settingValue.integer(range.min(), range.max());
    }

    private static Duration duration(SettingValue settingValue, DurationRange range) {
        if (range == null) {
            return settingValue.duration(SettingRules.MIN_DURATION, SettingRules.MAX_DURATION);
        }
        Duration duration = settingValue.duration(range.min(), range.max());
        if (range.wholeSeconds() && !duration.equals(Duration.ofSeconds(duration.toSeconds()))) {
            throw settingValue.expected("whole seconds");
        }
        return duration;
    }

    private Path filePath(SettingValue settingValue, String expected) {
        if (settingValue.isEmpty()) {
            throw settingValue.expected(expected);
        }
        try {
            return base.resolve(settingValue.text()).normalize();
        } catch (InvalidPathException e) {
            throw settingValue.expected(expected);
        }
    }

    private URI url(SettingValue settingValue, HttpUrl rule, String path) {
        if (rule.exact()) {
            return HttpUrlReader.readExactly(settingValue);
        }
        boolean endsInV1 = rule.openAi()
                && layeredSettings
                        .get(path.substring(0, path.lastIndexOf('.')) + ".type")
                        .text()
                        .equals(textOf(BackendType.OPENAI));
        return endsInV1 ? HttpUrlReader.readEndingInV1(settingValue) : HttpUrlReader.read(settingValue);
    }

    private static Amount amount(SettingValue settingValue) {
        try {
            return Amount.parse(settingValue.text());
        } catch (IllegalArgumentException e) {
            throw settingValue.expected(Amount.EXPECTED);
        }
    }

    private static <T> T constant(SettingValue settingValue, String text, T[] constants, String expected) {
        return Stream.of(constants)
                .filter(constant -> textOf(constant).equals(text))
                .findFirst()
                .orElseThrow(() -> settingValue.expected(expected));
    }

    private static String textOf(Object constant) {
        return constant.toString().toLowerCase(Locale.ROOT);
    }

    private Object collection(SettingValue settingValue, RecordComponent component) {
        Type element = ((ParameterizedType) component.getGenericType()).getActualTypeArguments()[0];
        if (element == BackendKeySource.class) {
            return new BackendKeysReader(settingValue, layeredSettings.environment(), base).read();
        } else if (element == RequestField.class) {
            return requestFields(settingValue);
        } else if (element == NodeRole.class) {
            return nodeRoles(settingValue);
        } else if (element == Duration.class) {
            return durations(settingValue, component.getAnnotation(DurationRange.class));
        } else if (element == Integer.class) {
            return ports(settingValue, component.getAnnotation(Range.class));
        } else if (settingValue.isEmpty()) {
            return List.of();
        } else if (component.isAnnotationPresent(Networks.class)) {
            return elements(settingValue, SettingsBinder::network, "networks such as 10.0.0.0/8, separated by commas");
        }
        return List.of(
                SEPARATOR.split(component.getAnnotation(Format.class).value().read(settingValue), -1));
    }

    /**
     * Returns the elements of a list that is separated by commas.
     *
     * @param parser throws {@link IllegalArgumentException} for an invalid element
     */
    private static <T> List<T> elements(SettingValue settingValue, Function<String, T> parser, String expected) {
        try {
            return Stream.of(SEPARATOR.split(settingValue.text(), -1))
                    .map(parser)
                    .toList();
        } catch (IllegalArgumentException e) {
            throw settingValue.expected(expected);
        }
    }

    /** Returns null for {@code auto}. */
    private static Set<RequestField> requestFields(SettingValue settingValue) {
        if (settingValue.text().equals("auto")) {
            return null;
        }
        String expected = "auto, or some of n, size, negative_prompt, seed, response_format, separated by commas";
        return settingValue.isEmpty()
                ? Set.of()
                : EnumSet.copyOf(SettingsBinder.<RequestField>elements(
                        settingValue, text -> constant(settingValue, text, RequestField.values(), expected), expected));
    }

    private static Set<NodeRole> nodeRoles(SettingValue settingValue) {
        String expected = "one or more of api, worker, notifier, separated by commas";
        return EnumSet.copyOf(SettingsBinder.<NodeRole>elements(
                settingValue, text -> constant(settingValue, text, NodeRole.values(), expected), expected));
    }

    private static List<Duration> durations(SettingValue settingValue, DurationRange range) {
        String expected = "durations such as 5s, 5m, 2h, at most " + MAX_DURATIONS + ", separated by commas";
        List<Duration> durations = elements(settingValue, DurationFormat::parse, expected);
        Duration min = DurationFormat.parse(range.min());
        Duration max = DurationFormat.parse(range.max());
        if (durations.size() > MAX_DURATIONS
                || !durations.stream().allMatch(each -> each.compareTo(min) >= 0 && each.compareTo(max) <= 0)) {
            throw settingValue.expected(expected + ", each from " + range.min() + " to " + range.max());
        }
        return durations;
    }

    /** Returns an empty list for any port. */
    private static List<Integer> ports(SettingValue settingValue, Range range) {
        String expected = "ports from " + range.min() + " to " + range.max() + ", separated by commas, or *";
        if (settingValue.matching(PORTS, expected).equals("*")) {
            return List.of();
        }
        List<Integer> ports = elements(settingValue, Integer::valueOf, expected);
        if (ports.stream().anyMatch(port -> port < range.min() || port > range.max())) {
            throw settingValue.expected(expected);
        }
        return ports;
    }

    private static String network(String text) {
        Matcher network = NETWORK.matcher(text);
        if (network.matches()) {
            String address = network.group("address");
            boolean ipv6 = NetUtil.isValidIpV6Address(address);
            if ((ipv6 || NetUtil.isValidIpV4Address(address))
                    && (network.group("bits") == null
                            || Integer.parseInt(network.group("bits")) <= (ipv6 ? 128 : 32))) {
                return text;
            }
        }
        throw new IllegalArgumentException();
    }
}
