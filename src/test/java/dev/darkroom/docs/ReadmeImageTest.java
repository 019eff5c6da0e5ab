package dev.darkroom.docs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.simulator.image.PlaceholderImageRenderer;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;

/** Compares the image of the README with the image that its command creates. */
class ReadmeImageTest {
    private static final Pattern REQUEST = Pattern.compile(
            "\\{\"prompt\": \"([^\"]+)\", \"width\": ([0-9]+), \"height\": ([0-9]+), \"seed\": ([0-9]+)}");

    @Test
    void commandOfReadmeCreatesImageOfReadme() throws IOException {
        // given
        Matcher request = REQUEST.matcher(MarkdownPages.read(Path.of("README.md")));
        assertThat(request.find()).as("a request in README.md").isTrue();
        int width = Integer.parseInt(request.group(2));
        int height = Integer.parseInt(request.group(3));

        // when
        byte[] png = new PlaceholderImageRenderer()
                .render(request.group(1), Long.parseLong(request.group(4)), width, height, 0);

        // then
        BufferedImage shown = ImageIO.read(new File("docs/mountains.png"));
        BufferedImage created = ImageIO.read(new ByteArrayInputStream(png));
        assertThat(created.getRGB(0, 0, width, height, null, 0, width))
                .isEqualTo(shown.getRGB(0, 0, shown.getWidth(), shown.getHeight(), null, 0, shown.getWidth()));
    }
}
