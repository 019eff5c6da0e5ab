import com.fasterxml.jackson.databind.ObjectMapper;
import dev.langchain4j.data.image.Image;
import dev.langchain4j.exception.HttpException;
import dev.langchain4j.model.openai.OpenAiImageModel;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

/** Calls Darkroom at API with LangChain4j. Prints one line per step. */
public final class LangChain4jClient {
    private LangChain4jClient() {}

    public static void main(String[] arguments) throws Exception {
        for (String step : System.getenv("STEPS").split(" ")) {
            System.out.println(step + " " + run(step));
        }
    }

    private static String run(String step) throws Exception {
        OpenAiImageModel model = OpenAiImageModel.builder()
                .baseUrl(System.getenv("API"))
                .apiKey(step.equals("key") ? "sk-wrong" : System.getenv("KEY"))
                .modelName(step.equals("model") ? "unknown" : "simulator")
                .size(step.equals("size") ? "7x7" : "64x64")
                .build();
        try {
            Image image = step.equals("edit")
                    ? model.edit(input(), "a pier at night").content()
                    : model.generate("a pier, " + step).content();
            return new String(bytes(image), 1, 3, StandardCharsets.ISO_8859_1);
        } catch (HttpException e) {
            // The message is the body of the response.
            return e.statusCode() + " " + new ObjectMapper().readTree(e.getMessage()).at("/error/code").asText();
        } catch (RuntimeException e) {
            if (e.getCause() instanceof IOException) {
                return "connection";
            }
            throw e;
        }
    }

    private static Image input() {
        return Image.builder()
                .base64Data(System.getenv("IMAGE"))
                .mimeType("image/png")
                .build();
    }

    private static byte[] bytes(Image image) throws Exception {
        if (image.url() != null) {
            try (InputStream file = image.url().toURL().openStream()) {
                return file.readAllBytes();
            }
        }
        return Base64.getDecoder().decode(image.base64Data());
    }
}
