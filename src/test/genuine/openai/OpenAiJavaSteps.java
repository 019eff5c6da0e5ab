import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.JsonValue;
import com.openai.core.MultipartField;
import com.openai.core.http.StreamResponse;
import com.openai.errors.OpenAIIoException;
import com.openai.errors.OpenAIServiceException;
import com.openai.models.images.Image;
import com.openai.models.images.ImageEditParams;
import com.openai.models.images.ImageGenStreamEvent;
import com.openai.models.images.ImageGenerateParams;
import com.openai.models.images.ImagesResponse;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;

/** Runs the steps of STEPS with the Java client of OpenAI. Prints one line per step. */
public final class OpenAiJavaSteps {
    private OpenAiJavaSteps() {}

    public static void main(String[] arguments) throws Exception {
        for (JsonNode step : new ObjectMapper().readTree(System.getenv("STEPS"))) {
            System.out.println(String.join(" ", step.get("name").asText(), run(step)));
        }
    }

    private static String run(JsonNode step) throws Exception {
        OpenAIClient client = OpenAIOkHttpClient.builder()
                .apiKey(step.get("key").asText())
                .baseUrl(step.get("api").asText())
                .maxRetries(step.get("retries").asInt())
                .build();
        try {
            return String.join(" ", call(client, step.get("operation").asText(), step.get("request")));
        } catch (OpenAIServiceException e) {
            return String.join(
                    " ",
                    Integer.toString(e.statusCode()),
                    e.type().orElse("-"),
                    e.code().orElse("-"),
                    e.param().orElse("-"));
        } catch (OpenAIIoException e) {
            return "connection";
        } finally {
            client.close();
        }
    }

    private static List<String> call(OpenAIClient client, String operation, JsonNode request) throws Exception {
        return switch (operation) {
            case "generate" -> starts(client.images().generate(generation(request)));
            case "edit" -> starts(client.images().edit(edit(request)));
            case "stream" -> stream(client, request);
            case "models" -> client.models().list().data().stream().map(model -> model.id()).toList();
            default -> throw new IllegalArgumentException(operation);
        };
    }

    /** Members of the request have the names of the API, so they are added as they are. */
    private static ImageGenerateParams generation(JsonNode request) {
        ImageGenerateParams.Builder params =
                ImageGenerateParams.builder().prompt(request.get("prompt").asText());
        request.fields().forEachRemaining(member -> {
            if (!member.getKey().equals("prompt")) {
                params.putAdditionalBodyProperty(member.getKey(), JsonValue.fromJsonNode(member.getValue()));
            }
        });
        return params.build();
    }

    private static ImageEditParams edit(JsonNode request) {
        byte[] image = Base64.getDecoder().decode(System.getenv("IMAGE"));
        return ImageEditParams.builder()
                .image(MultipartField.<ImageEditParams.Image>builder()
                        .value(ImageEditParams.Image.ofInputStream(new ByteArrayInputStream(image)))
                        .filename("pier.png")
                        .contentType("image/png")
                        .build())
                .prompt(request.get("prompt").asText())
                .model(request.get("model").asText())
                .size(request.get("size").asText())
                .build();
    }

    private static List<String> stream(OpenAIClient client, JsonNode request) {
        List<String> images = new ArrayList<>();
        try (StreamResponse<ImageGenStreamEvent> events = client.images().generateStreaming(generation(request))) {
            events.stream()
                    .flatMap(event -> event.generationCompleted().stream())
                    .forEach(event -> images.add(start(Base64.getDecoder().decode(event.b64Json()))));
        }
        return images;
    }

    private static List<String> starts(ImagesResponse response) throws Exception {
        List<String> starts = new ArrayList<>();
        for (Image image : response.data().orElseThrow()) {
            starts.add(start(bytes(image)));
        }
        return starts;
    }

    private static byte[] bytes(Image image) throws Exception {
        if (image.url().isPresent()) {
            try (InputStream file = URI.create(image.url().get()).toURL().openStream()) {
                return file.readAllBytes();
            }
        }
        return Base64.getDecoder().decode(image.b64Json().orElseThrow());
    }

    private static String start(byte[] image) {
        return new String(image, 1, 3, StandardCharsets.ISO_8859_1);
    }
}
