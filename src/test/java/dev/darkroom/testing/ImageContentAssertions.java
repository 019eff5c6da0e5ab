package dev.darkroom.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.simulator.image.PlaceholderImageRenderer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/** Checks that every image of a database shows the prompt and seed of its generation, as the simulator renders both. */
public final class ImageContentAssertions {
    private ImageContentAssertions() {}

    /** Requires that all images come from the simulator and from this JDK. */
    public static void assertImagesBelongToTheirPrompts(DatabaseUrl database) {
        PlaceholderImageRenderer renderer = new PlaceholderImageRenderer();
        Map<String, String> rendered = new HashMap<>();
        List<String> wrong = new ArrayList<>();
        String images =
                "SELECT concat_ws(' ', i.sha256, i.generation_id, i.position, g.seed, g.width, g.height, g.prompt)"
                        + " FROM images i JOIN generations g ON g.id = i.generation_id WHERE g.status = 'COMPLETE'";
        for (String row : TestPostgres.query(database, images)) {
            String[] image = row.split(" ", 3);
            String expected = rendered.computeIfAbsent(
                    image[2], parameters -> sha256(render(renderer, parameters.split(" ", 5))));
            if (!expected.equals(image[0])) {
                wrong.add(image[1]);
            }
        }
        assertThat(wrong)
                .as("generations with an image that does not belong to their prompt")
                .isEmpty();
    }

    /** @param parameters position, seed, width, height and prompt, in this order */
    private static byte[] render(PlaceholderImageRenderer renderer, String... parameters) {
        return renderer.render(
                parameters[4],
                Long.parseLong(parameters[1]),
                Integer.parseInt(parameters[2]),
                Integer.parseInt(parameters[3]),
                Integer.parseInt(parameters[0]));
    }

    private static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
