import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.errors.OpenAIException;
import com.openai.errors.OpenAIServiceException;
import com.openai.models.images.Image;
import com.openai.models.images.ImageGenerateParams;
import com.openai.models.images.ImageGenerateParams.ResponseFormat;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.function.UnaryOperator;

/** Runs the Java client of OpenAI against the simulator at API. Prints one line per step. */
public final class OpenAiJavaClient {
    private OpenAiJavaClient() {}

    public static void main(String[] arguments) throws Exception {
        generate("b64_json", 0, request -> request.responseFormat(ResponseFormat.B64_JSON).n(2));
        generate("url", 0, request -> request.responseFormat(ResponseFormat.URL));
        generate("size", 0, request -> request.size("7x7"));
        for (String name : new String[] {"moderation", "unauthorized", "quota", "limited", "failed", "unavailable", "dropped"}) {
            generate(name, 0, request -> request);
        }
        generate("retried", 2, request -> request);
    }

    private static void generate(String name, int retries, UnaryOperator<ImageGenerateParams.Builder> changes) throws Exception {
        OpenAIClient client = OpenAIOkHttpClient.builder()
                .apiKey("sk-test")
                .baseUrl(System.getenv("API"))
                .maxRetries(retries)
                .build();
        try {
            ImageGenerateParams.Builder request =
                    ImageGenerateParams.builder().model("simulator").prompt("a fox").size("64x64");
            StringBuilder line = new StringBuilder(name);
            for (Image image : client.images().generate(changes.apply(request).build()).data().orElseThrow()) {
                line.append(' ').append(new String(bytes(image), 1, 3, StandardCharsets.ISO_8859_1));
            }
            System.out.println(line);
        } catch (OpenAIServiceException e) {
            String code = e.code().or(e::type).orElse("-");
            String type = e.getClass().getSimpleName();
            System.out.println(String.join(" ", name, type, Integer.toString(e.statusCode()), code, e.param().orElse("-")));
        } catch (OpenAIException e) {
            System.out.println(name + " " + e.getClass().getSimpleName());
        } finally {
            client.close();
        }
    }

    private static byte[] bytes(Image image) throws Exception {
        if (image.url().isPresent()) {
            try (InputStream file = URI.create(image.url().get()).toURL().openStream()) {
                return file.readAllBytes();
            }
        }
        return Base64.getDecoder().decode(image.b64Json().orElseThrow());
    }
}
