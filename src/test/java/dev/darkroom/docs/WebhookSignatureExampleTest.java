package dev.darkroom.docs;

import static org.assertj.core.api.Assertions.assertThat;

import com.standardwebhooks.Webhook;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Verifies the signature of the delivery on a page with the secret on the page and the Standard Webhooks library. */
class WebhookSignatureExampleTest {
    private static final Pattern SECRET = Pattern.compile("whsec_[A-Za-z0-9+/=]+");
    private static final Pattern DELIVERY =
            Pattern.compile("POST \\S+ HTTP/1.1\n((?:[A-Za-z-]+: .*\n)+)\n(\\{.*})\n", Pattern.MULTILINE);

    @ParameterizedTest
    @ValueSource(strings = {"docs/webhooks.md", "docs/notifications.md"})
    void signatureMatchesSecret(String page) throws Exception {
        String text = MarkdownPages.read(Path.of(page));
        Matcher secret = SECRET.matcher(text);
        assertThat(secret.find()).as("a secret on %s", page).isTrue();
        Matcher delivery = DELIVERY.matcher(text);
        assertThat(delivery.find()).as("a delivery on %s", page).isTrue();
        Map<String, List<String>> headers = delivery.group(1)
                .lines()
                .map(line -> line.split(": ", 2))
                .collect(Collectors.toMap(header -> header[0], header -> List.of(header[1])));
        String body = delivery.group(2);
        Instant timestamp = Instant.ofEpochSecond(
                Long.parseLong(headers.get("webhook-timestamp").get(0)));

        String expected =
                new Webhook(secret.group()).sign(headers.get("webhook-id").get(0), timestamp.getEpochSecond(), body);

        assertThat(headers.get("webhook-signature").get(0)).isEqualTo(expected);
    }
}
