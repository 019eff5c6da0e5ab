package dev.darkroom.api;

import dev.darkroom.api.ApiVerticle.SharedServices;
import dev.darkroom.api.body.RequestBodyLimits;
import dev.darkroom.api.callback.ReceiveCallbackHandler;
import dev.darkroom.api.contract.CommandClient;
import dev.darkroom.api.contract.JsonOperationHandler;
import dev.darkroom.api.contract.OperationContext;
import dev.darkroom.api.contract.OperationHandler;
import dev.darkroom.api.fleet.FleetOperations;
import dev.darkroom.api.generation.CancelGenerationHandler;
import dev.darkroom.api.generation.CreateGenerationHandler;
import dev.darkroom.api.generation.DeleteGenerationHandler;
import dev.darkroom.api.generation.GenerationClient;
import dev.darkroom.api.generation.GenerationPresenter;
import dev.darkroom.api.generation.GenerationResponder;
import dev.darkroom.api.generation.GetGenerationHandler;
import dev.darkroom.api.generation.GetImageHandler;
import dev.darkroom.api.generation.GetModelsHandler;
import dev.darkroom.api.generation.ListGenerationsHandler;
import dev.darkroom.api.generation.StreamGenerationEventsHandler;
import dev.darkroom.api.generation.UsageOperations;
import dev.darkroom.api.management.EraseUserHandler;
import dev.darkroom.api.management.GetOpenApiDocumentHandler;
import dev.darkroom.api.notification.NotificationClient;
import dev.darkroom.api.notification.OpenNotificationSocketHandler;
import dev.darkroom.api.notification.StreamNotificationsHandler;
import dev.darkroom.api.openai.ImageCallServices;
import dev.darkroom.api.openai.OpenAiImageResponder;
import dev.darkroom.api.openai.OpenAiOperations;
import dev.darkroom.api.openai.RetryAttachment;
import dev.darkroom.api.replicate.PredictionOperations;
import dev.darkroom.api.security.HostAndOriginPolicy;
import dev.darkroom.api.stream.StreamAdmission;
import dev.darkroom.api.stream.StreamRegistry;
import dev.darkroom.api.upload.UploadOperations;
import dev.darkroom.api.webhook.WebhookOperations;
import dev.darkroom.auth.Role;
import dev.darkroom.config.BackendSettings;
import dev.darkroom.config.Settings;
import dev.darkroom.fleet.FleetCommand;
import dev.darkroom.maintenance.ErasureCommand;
import dev.darkroom.upload.UploadCommand;
import dev.darkroom.webhook.WebhookBus;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** Creates the handlers of all operations of the API, for one instance of {@link ApiVerticle}. */
final class OperationHandlers {
    /** Added to the reply timeout of commands that resolve a host name. */
    private static final Duration DNS_LOOKUP_TIMEOUT = Duration.ofSeconds(5);

    /** Scheme, media type and padding of a data URL. */
    private static final int MAX_DATA_URL_PREFIX = 256;

    private final Vertx vertx;
    private final Settings settings;
    private final SharedServices sharedServices;
    private final StreamRegistry streams;
    private final StreamAdmission admission;
    private final Supplier<String> publicUrl;
    private final GenerationClient generations;
    private final RetryAttachment retryAttachment;

    /** @param publicUrl returns the base URL of this service, without a trailing slash */
    OperationHandlers(
            Vertx vertx,
            Settings settings,
            SharedServices sharedServices,
            StreamRegistry streams,
            StreamAdmission admission,
            Supplier<String> publicUrl) {
        this.vertx = vertx;
        this.settings = settings;
        this.sharedServices = sharedServices;
        this.streams = streams;
        this.admission = admission;
        this.publicUrl = publicUrl;
        this.generations = new GenerationClient(vertx, settings.api().replyTimeout());
        this.retryAttachment = new RetryAttachment(vertx, generations, sharedServices.processId(), settings.node());
    }

    /** Waits as {@link RetryAttachment#awaitReports()}. */
    Future<Void> awaitReports() {
        return retryAttachment.awaitReports();
    }

    /**
     * Returns the handlers.
     *
     * @param policy host and origin checks
     */
    List<OperationHandler> create(HostAndOriginPolicy policy) {
        GenerationPresenter presenter = new GenerationPresenter(publicUrl, InstantSource.system());
        GenerationResponder responder =
                new GenerationResponder(presenter, sharedServices.authServices().imageUrlSigner());
        NotificationClient notifications = new NotificationClient(
                vertx,
                settings.api().replyTimeout(),
                sharedServices.authServices().streamTickets());
        Duration maxWait = settings.generation().maxWait();
        List<OperationHandler> handlers = new ArrayList<>(List.of(
                CreateGenerationHandler.create(generations, responder, maxWait),
                CreateGenerationHandler.retry(generations, responder, maxWait),
                new ListGenerationsHandler(generations, presenter, responder),
                new GetGenerationHandler(generations, responder, sharedServices.finishedGenerations(), maxWait),
                new CancelGenerationHandler(generations, responder),
                new DeleteGenerationHandler(generations),
                new GetModelsHandler(generations),
                new EraseUserHandler(commandClient(ErasureCommand.ADDRESS)),
                new StreamGenerationEventsHandler(vertx, generations, sharedServices.progress(), admission),
                GetImageHandler.forGet(generations, sharedServices.images(), sharedServices.openImageLimiter()),
                GetImageHandler.forHead(generations, sharedServices.images(), sharedServices.openImageLimiter()),
                new ReceiveCallbackHandler(sharedServices.callbackReceiver(), maxResponseBytes()),
                new JsonOperationHandler("listNotifications", 200, notifications::list),
                new JsonOperationHandler("createStreamTicket", 201, notifications::createTicket),
                new StreamNotificationsHandler(admission, sharedServices.hub()),
                new OpenNotificationSocketHandler(
                        new OpenNotificationSocketHandler.SocketServices(
                                streams,
                                admission,
                                sharedServices.hub(),
                                notifications,
                                sharedServices.authServices().streamTickets(),
                                sharedServices.authServices().failedLoginLimiter()),
                        policy),
                new JsonOperationHandler("acknowledgeNotifications", 200, notifications::acknowledge),
                new JsonOperationHandler("markNotificationRead", 200, notifications::markRead),
                new GetOpenApiDocumentHandler(
                        "getOpenApiDocument", sharedServices.apiContract().yaml()),
                new GetOpenApiDocumentHandler(
                        "getOpenApiJsonDocument", sharedServices.apiContract().json()),
                new JsonOperationHandler("getCurrentUser", 200, OperationHandlers::describeUser)));
        OpenAiImageResponder openAiResponder =
                new OpenAiImageResponder(responder, sharedServices.images(), sharedServices.openImageLimiter());
        ImageCallServices imageCallServices = new ImageCallServices(
                generations, openAiResponder, retryAttachment, streams, ImageCallServices.Timings.of(settings));
        CommandClient uploads = commandClient(UploadCommand.ADDRESS);
        RequestBodyLimits uploadLimits = new RequestBodyLimits(
                settings.inputImages().maxBytes(), settings.inputImages().uploadTimeout());
        handlers.addAll(new OpenAiOperations(imageCallServices, uploads, uploadLimits).handlers());
        handlers.addAll(new UsageOperations(generations).handlers());
        CommandClient webhooks = commandClient(WebhookBus.COMMANDS);
        handlers.addAll(new WebhookOperations(
                        webhooks, DNS_LOOKUP_TIMEOUT, settings.webhooks().timeout())
                .handlers());
        handlers.addAll(new PredictionOperations(
                        vertx,
                        generations,
                        responder,
                        webhooks,
                        uploads,
                        new PredictionOperations.Settings(publicUrl, maxWait, maxDataUrlBytes()))
                .handlers());
        handlers.addAll(new UploadOperations(uploads, uploadLimits).handlers());
        handlers.addAll(new FleetOperations(commandClient(FleetCommand.ADDRESS)).handlers());
        return handlers;
    }

    private static Future<JsonObject> describeUser(OperationContext request) {
        return Future.succeededFuture(new JsonObject()
                .put("name", request.user())
                .put("admin", request.principal().role() == Role.ADMIN));
    }

    private CommandClient commandClient(String address) {
        return new CommandClient(vertx, address, settings.api().replyTimeout());
    }

    /** Returns the size of a data URL with the largest image that users may upload. */
    private int maxDataUrlBytes() {
        return settings.inputImages().maxBytes() / 3 * 4 + MAX_DATA_URL_PREFIX;
    }

    /** Returns the size limit of the AI servers, the largest one. */
    private int maxResponseBytes() {
        return settings.backends().stream()
                .mapToInt(BackendSettings::maxResponseBytes)
                .max()
                .orElseThrow();
    }
}
