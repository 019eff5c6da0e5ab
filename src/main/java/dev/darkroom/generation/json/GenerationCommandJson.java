package dev.darkroom.generation.json;

import dev.darkroom.eventbus.CommandProtocol;
import dev.darkroom.eventbus.CommandReply;
import dev.darkroom.eventbus.FieldError;
import dev.darkroom.eventbus.InvalidCommandException;
import dev.darkroom.eventbus.Requester;
import dev.darkroom.eventbus.StorableText;
import dev.darkroom.generation.Generation;
import dev.darkroom.generation.GenerationBus;
import dev.darkroom.generation.GenerationCommand;
import dev.darkroom.generation.GenerationCommand.CancelGeneration;
import dev.darkroom.generation.GenerationCommand.CreateGeneration;
import dev.darkroom.generation.GenerationCommand.DeleteGeneration;
import dev.darkroom.generation.GenerationCommand.GetAllUsage;
import dev.darkroom.generation.GenerationCommand.GetGeneration;
import dev.darkroom.generation.GenerationCommand.GetImage;
import dev.darkroom.generation.GenerationCommand.GetModels;
import dev.darkroom.generation.GenerationCommand.GetUsage;
import dev.darkroom.generation.GenerationCommand.ListGenerations;
import dev.darkroom.generation.GenerationCommand.RetryGeneration;
import dev.darkroom.generation.GenerationListFilter;
import dev.darkroom.generation.GenerationResult.CreatedGeneration;
import dev.darkroom.generation.GenerationResult.DeletedGeneration;
import dev.darkroom.generation.GenerationResult.GenerationPage;
import dev.darkroom.generation.GenerationResult.ImageLocation;
import dev.darkroom.generation.GenerationResult.ModelList;
import dev.darkroom.generation.GenerationSpec;
import dev.darkroom.generation.UsageFilter;
import dev.darkroom.generation.UsageReport;
import dev.darkroom.generation.route.ModelCatalog;
import io.vertx.core.MultiMap;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;

/** Parses the JSON commands on {@link GenerationBus#COMMANDS} and formats their replies. {@code docs/event-bus.md} is the contract. */
public final class GenerationCommandJson {
    private static final String REQUEST_FIELD = "request";

    private final ModelCatalog catalog;

    public GenerationCommandJson(ModelCatalog catalog) {
        this.catalog = catalog;
    }

    /** @throws InvalidCommandException when the message is not a command of the supported version */
    public GenerationCommand<?> parse(MultiMap headers, Object message) {
        if (!CommandProtocol.VERSION.equals(headers.get(CommandProtocol.VERSION_HEADER))) {
            throw invalid("the header version must be " + CommandProtocol.VERSION);
        }
        if (!(message instanceof JsonObject body)) {
            throw invalid("the body must be an object that names its user");
        }
        // The request is validated later, with JSON pointers relative to it.
        List<FieldError> errors = StorableText.findErrors(body, REQUEST_FIELD);
        if (!errors.isEmpty()) {
            throw new InvalidCommandException("the command is not valid", errors);
        }
        String action = headers.get(CommandProtocol.ACTION_HEADER);
        return parse(action == null ? "" : action, parseRequester(action, body), body);
    }

    private GenerationCommand<?> parse(String action, Requester requester, JsonObject body) {
        return switch (action) {
            case GenerationBus.CREATE -> new CreateGeneration(requester, parseRequest(body), parseKey(body));
            case GenerationBus.LIST -> new ListGenerations(requester, GenerationListFilter.parse(body));
            case GenerationBus.GET -> new GetGeneration(requester, parseId(body), parseWaitTime(body));
            case GenerationBus.GET_IMAGE -> new GetImage(requester, parseId(body));
            case GenerationBus.CANCEL -> new CancelGeneration(requester, parseId(body));
            case GenerationBus.DELETE -> new DeleteGeneration(requester, parseId(body));
            case GenerationBus.RETRY -> new RetryGeneration(requester, parseId(body), parseKey(body));
            case GenerationBus.GET_MODELS -> new GetModels(requester);
            case GenerationBus.GET_USAGE -> new GetUsage(requester, UsageFilter.parse(body));
            case GenerationBus.GET_ALL_USAGE -> parseAllUsage(requester, body);
            default ->
                throw invalid(
                        "the header action must be create, list, get, getImage, cancel, delete, retry, getModels, getUsage or getAllUsage");
        };
    }

    /** Returns null for an image with a signed URL. */
    private static Requester parseRequester(String action, JsonObject body) {
        if (body.getValue("user") instanceof String user) {
            return new Requester(user, Boolean.TRUE.equals(body.getValue("asAdmin")));
        }
        if (GenerationBus.GET_IMAGE.equals(action) && Boolean.TRUE.equals(body.getValue("signedUrl"))) {
            return null;
        }
        throw invalid("the body must be an object that names its user");
    }

    private GenerationSpec parseRequest(JsonObject body) {
        if (!(body.getValue(REQUEST_FIELD) instanceof JsonObject request)) {
            throw invalid("request must be an object");
        }
        return parseRequest(request, catalog);
    }

    /** Reports invalid values too when a field has a wrong type, so that one reply has all errors. */
    static GenerationSpec parseRequest(JsonObject request, ModelCatalog catalog) {
        List<FieldError> typeErrors = new ArrayList<>();
        GenerationSpec spec = GenerationSpecParser.parse(request, typeErrors);
        if (typeErrors.isEmpty()) {
            return spec;
        }
        List<FieldError> errors = new ArrayList<>(typeErrors);
        for (FieldError error : spec.validate(catalog)) {
            if (typeErrors.stream().noneMatch(other -> other.pointer().equals(error.pointer()))) {
                errors.add(error);
            }
        }
        errors.sort(Comparator.comparingInt(GenerationSpecParser::order));
        throw new InvalidCommandException(GenerationSpecParser.INVALID_REQUEST, errors);
    }

    private static UUID parseId(JsonObject body) {
        try {
            return UUID.fromString(String.valueOf(body.getValue("id")));
        } catch (IllegalArgumentException e) {
            throw invalid("id must be a UUID");
        }
    }

    private static GetAllUsage parseAllUsage(Requester requester, JsonObject body) {
        if (!requester.asAdmin()) {
            throw invalid("getAllUsage requires asAdmin");
        }
        Object ofUser = body.getValue("ofUser");
        if (ofUser != null && !(ofUser instanceof String user && !user.isEmpty())) {
            throw invalid("ofUser must be the name of a user");
        }
        return new GetAllUsage(requester, UsageFilter.parse(body), (String) ofUser);
    }

    private static String parseKey(JsonObject body) {
        return body.getValue("idempotencyKey") instanceof String key ? key : null;
    }

    private static Duration parseWaitTime(JsonObject body) {
        return body.getValue("waitMs") instanceof Number millis ? Duration.ofMillis(millis.longValue()) : Duration.ZERO;
    }

    private static InvalidCommandException invalid(String message) {
        return new InvalidCommandException(message, List.of());
    }

    /** Returns the body of the reply. */
    public static JsonObject format(CommandReply<?> reply) {
        return reply instanceof CommandReply.Rejected<?> rejected
                ? new JsonObject().put("error", format(rejected))
                : formatResult(((CommandReply.Completed<?>) reply).result());
    }

    private static JsonObject format(CommandReply.Rejected<?> rejected) {
        JsonObject error =
                new JsonObject().put("code", rejected.reason().name()).put("message", rejected.message());
        if (!rejected.errors().isEmpty()) {
            JsonArray errors = new JsonArray();
            rejected.errors()
                    .forEach(each -> errors.add(
                            new JsonObject().put("pointer", each.pointer()).put("detail", each.detail())));
            error.put("errors", errors);
        }
        return rejected.retryAfter() == null
                ? error
                : error.put("retryAfterSeconds", rejected.retryAfter().toSeconds());
    }

    private static JsonObject formatResult(Object result) {
        if (result instanceof CreatedGeneration created) {
            JsonObject reply = formatResult(created.generation());
            return created.replayed() ? reply.put("replayed", true) : reply;
        }
        if (result instanceof Generation generation) {
            return new JsonObject().put("generation", GenerationJson.toJson(generation));
        }
        if (result instanceof GenerationPage page) {
            JsonObject reply = new JsonObject()
                    .put(
                            "items",
                            new JsonArray(page.items().stream()
                                    .map(GenerationJson::toJson)
                                    .toList()));
            return page.nextCursor() == null
                    ? reply
                    : reply.put("nextCursor", page.nextCursor().encode());
        }
        if (result instanceof ImageLocation location) {
            return new JsonObject()
                    .put(
                            "image",
                            GenerationJson.toJson(location.image())
                                    .put("user", location.userId())
                                    .put("generation", location.generationId().toString())
                                    .put("storageKey", location.image().storageKey()));
        }
        if (result instanceof ModelList models) {
            return ModelJson.toJson(models);
        }
        if (result instanceof UsageReport usage) {
            return new JsonObject().put("usage", UsageJson.toJson(usage));
        }
        DeletedGeneration deleted = (DeletedGeneration) result;
        return new JsonObject()
                .put(
                        "deleted",
                        new JsonObject().put("id", deleted.id().toString()).put("user", deleted.userId()));
    }
}
