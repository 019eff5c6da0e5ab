import com.fasterxml.jackson.databind.JsonNode;
import dev.darkroom.client.ApiClient;
import dev.darkroom.client.ApiException;
import dev.darkroom.client.api.GenerationsApi;
import dev.darkroom.client.api.NotificationsApi;
import dev.darkroom.client.api.WebhooksApi;
import dev.darkroom.client.model.Generation;
import dev.darkroom.client.model.GenerationPage;
import dev.darkroom.client.model.GenerationRequest;
import dev.darkroom.client.model.GenerationStatus;
import dev.darkroom.client.model.NotificationPage;
import dev.darkroom.client.model.Webhook;
import dev.darkroom.client.model.WebhookRequest;
import dev.darkroom.client.model.WebhookUpdate;
import dev.darkroom.client.model.WebhookWithSecret;
import java.util.UUID;

/** Uses the Java client that openapi-generator generates from openapi.yaml. */
public final class ClientExample {
    public static void main(String[] arguments) throws Exception {
        ApiClient client = new ApiClient();
        client.updateBaseUri(environment("API", "http://127.0.0.1:8080"));
        String key = environment("KEY", "");
        if (!key.isEmpty()) {
            client.setRequestInterceptor(request -> request.header("Authorization", "Bearer " + key));
        }
        GenerationsApi generations = new GenerationsApi(client);
        NotificationsApi notifications = new NotificationsApi(client);
        WebhooksApi webhooks = new WebhooksApi(client);

        // Create a generation, read it, and cancel it.
        Generation cancelled = generations.createGeneration(new GenerationRequest().prompt("A boat, cancelled"), null, null);
        System.out.println("created " + cancelled.getStatus());
        cancelled = generations.getGeneration(cancelled.getId(), null, null);
        System.out.println("got " + cancelled.getStatus());
        generations.cancelGeneration(cancelled.getId());
        cancelled = generations.getGeneration(cancelled.getId(), null, null);
        System.out.println("got " + cancelled.getStatus() + " " + cancelled.getError().getCode() + " "
                + cancelled.getError().getErrorClass());

        // Create a generation. Repeating the request with the same key does not create another one.
        GenerationRequest request = new GenerationRequest().prompt("A lighthouse at dusk").putMetadataItem("project", "harbour");
        String idempotencyKey = UUID.randomUUID().toString();
        Generation created = generations.createGeneration(request, idempotencyKey, null);
        Generation repeated = generations.createGeneration(request, idempotencyKey, null);
        System.out.println("repeated " + repeated.getId().equals(created.getId()));

        // Wait for its end.
        Generation ended = created;
        while (ended.getStatus() == GenerationStatus.PENDING) {
            ended = generations.getGeneration(created.getId(), null, "wait=10");
        }
        System.out.println("got " + ended.getStatus() + " images " + ended.getImages().size() + " attempts "
                + ended.getAttempts().size() + " project " + ended.getMetadata().get("project"));

        // Read the list to its last page.
        int listed = 0;
        String cursor = null;
        do {
            GenerationPage page = generations.listGenerations(null, null, null, 1, cursor);
            listed += page.getItems().size();
            cursor = page.getNextCursor();
        } while (cursor != null);
        System.out.println("listed generations " + listed);

        // An invalid request is rejected with a problem document that names the fields.
        try {
            generations.createGeneration(new GenerationRequest().prompt("A boat").model("no-such-model"), null, null);
        } catch (ApiException e) {
            JsonNode problem = client.getObjectMapper().readTree(e.getResponseBody());
            System.out.println("rejected " + e.getCode() + " " + problem.at("/errors/0/pointer").asText());
        }

        // Read the notifications.
        listed = 0;
        cursor = null;
        do {
            NotificationPage page = notifications.listNotifications(cursor, 1);
            listed += page.getItems().size();
            cursor = page.getNextCursor();
        } while (cursor != null);
        System.out.println("listed notifications " + listed);

        // Create a webhook, update it, and delete it.
        WebhookWithSecret webhook =
                webhooks.createWebhook(new WebhookRequest().url(environment("HOOK", "https://example.com/darkroom")));
        Webhook updated = webhooks.updateWebhook(webhook.getId(), new WebhookUpdate().description("The shop"));
        System.out.println("webhook secret " + webhook.getSecret().startsWith("whsec_") + " enabled " + updated.getEnabled()
                + " description " + updated.getDescription());
        webhooks.deleteWebhook(webhook.getId());
    }

    private static String environment(String name, String fallback) {
        return System.getenv().getOrDefault(name, fallback);
    }
}
