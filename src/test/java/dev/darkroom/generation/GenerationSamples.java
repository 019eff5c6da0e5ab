package dev.darkroom.generation;

import dev.darkroom.backend.FailureClass;
import dev.darkroom.backend.InputImage;
import dev.darkroom.backend.InputImages;
import dev.darkroom.backend.InputLimits;
import dev.darkroom.backend.NumberRange;
import dev.darkroom.backend.RequestLimits;
import dev.darkroom.backend.RequestLimits.ImageSize;
import dev.darkroom.eventbus.Requester;
import dev.darkroom.generation.GenerationCommand.AttachRetry;
import dev.darkroom.generation.GenerationCommand.CancelGeneration;
import dev.darkroom.generation.GenerationCommand.CreateGeneration;
import dev.darkroom.generation.GenerationCommand.DeleteGeneration;
import dev.darkroom.generation.GenerationCommand.EndWaitingRequest;
import dev.darkroom.generation.GenerationCommand.GetAllUsage;
import dev.darkroom.generation.GenerationCommand.GetGeneration;
import dev.darkroom.generation.GenerationCommand.GetImage;
import dev.darkroom.generation.GenerationCommand.GetModels;
import dev.darkroom.generation.GenerationCommand.GetUsage;
import dev.darkroom.generation.GenerationCommand.ListGenerations;
import dev.darkroom.generation.GenerationCommand.RetryGeneration;
import dev.darkroom.generation.GenerationResult.AttachedRetry;
import dev.darkroom.generation.GenerationResult.CreatedGeneration;
import dev.darkroom.generation.GenerationResult.DeletedGeneration;
import dev.darkroom.generation.GenerationResult.EndedWaitingRequest;
import dev.darkroom.generation.GenerationResult.GenerationPage;
import dev.darkroom.generation.GenerationResult.ImageLocation;
import dev.darkroom.generation.GenerationResult.ModelLimits;
import dev.darkroom.generation.GenerationResult.ModelList;
import dev.darkroom.generation.waiting.WaitingRequest;
import dev.darkroom.usage.UsageItem;
import dev.darkroom.usage.UsageSums;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** Commands and results of generations, with and without their optional values. */
public final class GenerationSamples {
    private static final UUID ID = TestGenerations.ID;
    private static final Instant TIME = TestGenerations.CREATED_AT;
    private static final Requester USER = new Requester("ann", false);
    private static final Requester ADMIN = new Requester("root 🗼", true);
    private static final Map<String, String> METADATA = Map.of("project", "\"harbour\"\n🗼");
    private static final JsonObject PARAMETERS =
            new JsonObject("{\"steps\":20,\"cfg\":1.5,\"loras\":[{\"name\":\"ü🗼\"}],\"tiled\":true}");
    private static final InputImages INPUTS = new InputImages(
            List.of(new InputImage(ID, "1f/" + ID + ".png", 7, null), InputImage.ofUrl("https://example.org/a.png")),
            InputImage.ofUrl("https://example.org/mask.png"));
    private static final RequestLimits LIMITS = new RequestLimits(
            4000,
            NumberRange.between(64, 2048),
            NumberRange.of(List.of(512L, 1024L)),
            List.of(new ImageSize(512, 512)),
            NumberRange.between(1, 4),
            NumberRange.between(0, 100),
            true,
            InputLimits.upTo(4, true));
    private static final WaitingRequest WAITING_REQUEST =
            new WaitingRequest(ID, UUID.randomUUID(), 2, "192.0.2.1", "ab".repeat(32));
    private static final GenerationListCursor CURSOR = new GenerationListCursor(TIME, ID);
    private static final Generation WAITING = new Generation(
            ID,
            "ann",
            GenerationStatus.PENDING,
            new GenerationRequest(
                    "a", "b", 64, 2048, 4, RequestLimits.SEEDS.maximum(), "flux", METADATA, PARAMETERS, INPUTS, -10),
            new Generation.QueuePosition(3, TIME.plusSeconds(2)),
            UUID.randomUUID(),
            2,
            List.of(
                    TestGenerations.failed(TIME.plusNanos(1000)),
                    TestGenerations.failed(null),
                    TestGenerations.running()),
            List.of(),
            null,
            TIME,
            TIME,
            null);
    private static final Generation COMPLETE = TestGenerations.generation(
            GenerationStatus.COMPLETE, 1, TestGenerations.failed(TIME), TestGenerations.succeeded());
    private static final Generation FAILED = new Generation(
            ID,
            "ann",
            GenerationStatus.FAILED,
            new GenerationRequest("a", null, 64, 64, 1, 0, null, null, null, InputImages.NONE, null),
            null,
            null,
            0,
            List.of(),
            List.of(),
            new GenerationError("MODERATED", FailureClass.MODERATED, "No.", false),
            TIME,
            TIME,
            TIME);

    private GenerationSamples() {}

    public static List<GenerationCommand<?>> commands() {
        return List.of(
                new CreateGeneration(
                        USER,
                        new GenerationSpec(
                                "a",
                                "b",
                                64,
                                65,
                                2,
                                7L,
                                "flux",
                                METADATA,
                                PARAMETERS,
                                INPUTS,
                                -3,
                                RequestWebhook.standard("https://example.org")),
                        "key"),
                new CreateGeneration(
                        USER,
                        new GenerationSpec(
                                "a", null, null, null, null, null, null, null, null, InputImages.NONE, null, null),
                        null,
                        WAITING_REQUEST),
                new AttachRetry(USER, WAITING_REQUEST),
                new EndWaitingRequest(USER, ID, true),
                new RetryGeneration(ADMIN, ID, "key"),
                new RetryGeneration(ADMIN, ID, null),
                new GetGeneration(USER, ID, Duration.ofMillis(1500)),
                new GetImage(ADMIN, ID),
                new GetImage(null, ID),
                new ListGenerations(USER, new GenerationListFilter(GenerationStatus.FAILED, TIME, TIME, 7, CURSOR)),
                new ListGenerations(USER, new GenerationListFilter(null, null, null, 20, null)),
                new CancelGeneration(USER, ID),
                new DeleteGeneration(ADMIN, ID),
                new GetModels(USER),
                new GetUsage(USER, new UsageFilter(LocalDate.of(2026, 11, 1), LocalDate.of(2026, 11, 30))),
                new GetAllUsage(ADMIN, new UsageFilter(null, null), null),
                new GetAllUsage(ADMIN, new UsageFilter(null, null), "ann"));
    }

    public static List<GenerationResult> results() {
        return List.of(
                WAITING,
                COMPLETE,
                FAILED,
                new CreatedGeneration(WAITING, false),
                new CreatedGeneration(FAILED, true),
                new GenerationPage("ann", List.of(WAITING, COMPLETE), CURSOR),
                new GenerationPage("ann", List.of(), null),
                new ImageLocation(ID, "ann", TestGenerations.image(ID, "image/webp")),
                new DeletedGeneration(ID, "ann"),
                new AttachedRetry("ann", WAITING),
                new AttachedRetry("ann", null),
                new EndedWaitingRequest("ann"),
                new ModelList("ann", List.of()),
                new ModelList("ann", List.of(new ModelLimits("flux", true, LIMITS, List.of("image/png"), PARAMETERS))),
                new UsageReport("ann", "USD", LocalDate.of(2026, 11, 1), LocalDate.of(2026, 11, 30), List.of()),
                new UsageReport(
                        "ann",
                        "USD",
                        LocalDate.of(2026, 11, 1),
                        LocalDate.of(2026, 11, 30),
                        List.of(
                                new UsageItem(
                                        null,
                                        LocalDate.of(2026, 11, 1),
                                        null,
                                        "gpu",
                                        new UsageSums(1, 2, 3, 4, 5, 6, 7)),
                                new UsageItem("mary", LocalDate.of(2026, 11, 2), "flux", "gpu", UsageSums.ZERO))));
    }
}
