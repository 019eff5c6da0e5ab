package dev.darkroom;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaCall.Predicates.target;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.belongToAnyOf;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.name;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameMatching;
import static com.tngtech.archunit.core.domain.properties.HasOwner.Predicates.With.owner;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.GeneralCodingRules.ACCESS_STANDARD_STREAMS;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import dev.darkroom.fleet.FleetCommand;
import dev.darkroom.fleet.FleetResult;
import dev.darkroom.generation.FinishedGeneration;
import dev.darkroom.generation.GenerationFinishListener;
import dev.darkroom.generation.GenerationStatus;
import dev.darkroom.generation.waiting.WaitingRequest;
import dev.darkroom.generation.watch.JobProgressSignal;
import dev.darkroom.generation.watch.ProgressSubscribers;
import dev.darkroom.maintenance.ErasureCommand;
import dev.darkroom.notification.Notification;
import dev.darkroom.notification.NotificationBus;
import dev.darkroom.notification.NotificationCommand;
import dev.darkroom.notification.NotificationCursor;
import dev.darkroom.notification.NotificationPresenter;
import dev.darkroom.notification.NotificationResult;
import dev.darkroom.notification.NotificationWriter;
import dev.darkroom.notification.SubscriberName;
import dev.darkroom.notification.stream.NotificationFrame;
import dev.darkroom.notification.stream.NotificationFrameSink;
import dev.darkroom.notification.stream.NotificationHub;
import dev.darkroom.notification.stream.NotificationSubscription;
import dev.darkroom.webhook.DeliveryAttemptOutcome;
import dev.darkroom.webhook.DisableReason;
import dev.darkroom.webhook.PayloadFormat;
import dev.darkroom.webhook.WebhookBus;
import dev.darkroom.webhook.command.Delivery;
import dev.darkroom.webhook.command.DeliveryAttempt;
import dev.darkroom.webhook.command.DeliveryStatus;
import dev.darkroom.webhook.command.Webhook;
import dev.darkroom.webhook.command.WebhookCommand;
import dev.darkroom.webhook.command.WebhookResult;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.client.WebClient;
import java.time.Clock;
import java.util.Arrays;
import java.util.Date;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Dependencies between packages. Imports point one way: the API and the wiring at the top, then the features, then the queue, the
 * database and the settings. A new package must be listed here.
 */
@AnalyzeClasses(packages = "dev.darkroom", importOptions = DoNotIncludeTests.class)
class ArchitectureTest {
    private static final String ROOT = "dev.darkroom";

    /** Each package below {@link #ROOT} and the packages that it may depend on. {@code server} and {@code cli} may use all. */
    private static final Map<String, String> DEPENDENCIES = Map.ofEntries(
            Map.entry(
                    "api",
                    "api.body api.callback api.content api.contract api.fleet api.generation api.management api.notification api.openai api.openai.error api.problem api.replicate api.route api.security api.stream api.transport api.upload api.web api.webhook auth backend.callback config fleet generation.watch image image.store maintenance notification.stream upload webhook telemetry"),
            Map.entry("api.callback", "api.body api.contract api.problem api.transport auth backend.callback"),
            Map.entry("api.body", "api.problem api.transport"),
            Map.entry("api.content", "api.transport"),
            Map.entry(
                    "api.contract",
                    "api.body api.content api.problem api.route api.security api.transport auth eventbus notification telemetry"),
            Map.entry(
                    "api.documentation",
                    "api.content api.problem api.route api.transport api.web documentation documentation.markdown"),
            Map.entry("api.fleet", "api.contract api.problem auth eventbus fleet"),
            Map.entry(
                    "api.generation",
                    "api.content api.contract api.problem api.stream api.transport auth backend eventbus generation generation.json generation.waiting generation.watch image image.store"),
            Map.entry(
                    "api.management",
                    "api.body api.content api.contract api.problem api.route api.security api.transport auth config eventbus maintenance telemetry"),
            Map.entry(
                    "api.notification",
                    "api.contract api.problem api.security api.stream api.transport auth eventbus notification notification.stream netty"),
            Map.entry(
                    "api.openai",
                    "api.body api.contract api.generation api.openai.error api.problem api.stream api.transport api.upload auth backend config generation generation.waiting image.store netty"),
            Map.entry("api.openai.error", "api.problem api.transport backend generation"),
            Map.entry("api.problem", ""),
            Map.entry(
                    "api.replicate",
                    "api.body api.contract api.generation api.problem api.transport api.upload backend eventbus generation webhook.command"),
            Map.entry("api.route", "api.problem api.security api.transport"),
            Map.entry("api.security", "api.problem api.transport auth config"),
            Map.entry("api.stream", "api.contract api.transport auth config notification.stream"),
            Map.entry("api.transport", "api.problem auth netty telemetry"),
            Map.entry("api.upload", "api.body api.contract api.problem api.transport eventbus image upload"),
            Map.entry(
                    "api.web",
                    "api.body api.content api.problem api.route api.security api.transport http http.egress image"),
            Map.entry("api.webhook", "api.contract api.problem eventbus webhook webhook.command"),
            Map.entry("auth", "cache config database"),
            Map.entry("auth.jwt", "auth cache config http http.egress"),
            Map.entry("backend", "config eventbus http image telemetry"),
            Map.entry("backend.automatic1111", "backend backend.http config http image"),
            Map.entry("backend.bfl", "backend backend.http config http http.egress"),
            Map.entry("backend.callback", "auth backend backend.http config database http image signal task"),
            Map.entry("backend.comfyui", "backend backend.http config http http.egress image"),
            Map.entry("backend.executor", "backend config eventbus"),
            Map.entry("backend.fal", "backend backend.http config http http.egress image"),
            Map.entry("backend.http", "backend backend.key config http http.egress image telemetry"),
            Map.entry("backend.key", "backend config"),
            Map.entry("backend.input", "backend config http http.egress image image.store"),
            Map.entry("backend.openai", "backend backend.http config http http.egress image"),
            Map.entry("backend.replicate", "backend backend.http config http image"),
            Map.entry("backend.sdserver", "backend backend.http config http image"),
            Map.entry("backend.stability", "backend backend.http config http image"),
            Map.entry("cache", ""),
            Map.entry("config", ""),
            Map.entry("database", "cache config netty"),
            Map.entry("database.embedded", "config database file"),
            Map.entry("documentation", "documentation.markdown"),
            Map.entry("documentation.markdown", ""),
            Map.entry("eventbus", "database telemetry"),
            Map.entry("eventbus.cluster", "config eventbus generation generation.json"),
            Map.entry("file", ""),
            Map.entry("fleet", "backend backend.executor config database eventbus signal task"),
            Map.entry(
                    "generation",
                    "backend generation.route generation.waiting config database eventbus image queue signal usage telemetry"),
            Map.entry(
                    "generation.command",
                    "backend cache config database eventbus generation generation.json generation.route generation.store generation.waiting generation.watch http.egress image image.store signal upload usage telemetry"),
            Map.entry("generation.json", "backend config eventbus generation generation.route usage"),
            Map.entry("generation.route", "backend backend.executor config"),
            Map.entry(
                    "generation.store",
                    "backend generation.route config database eventbus generation generation.waiting queue usage telemetry"),
            Map.entry("generation.waiting", "config database"),
            Map.entry("generation.watch", "backend database generation generation.store signal task"),
            Map.entry(
                    "generation.worker",
                    "backend backend.executor config database eventbus generation generation.route generation.store generation.watch image image.store node queue signal usage telemetry"),
            Map.entry("http", "config http.egress image netty telemetry"),
            Map.entry("http.egress", ""),
            Map.entry("image", ""),
            Map.entry("image.local", "config file image image.store"),
            Map.entry("image.s3", "config image image.store"),
            Map.entry("image.store", "image"),
            Map.entry("kafka", "config database node notification queue signal task"),
            Map.entry("maintenance", "config database eventbus generation image.store signal task usage"),
            Map.entry("maintenance.copy", "database image image.store"),
            Map.entry("maintenance.doctor", "config database image.store"),
            Map.entry("netty", ""),
            Map.entry("node", "config database"),
            Map.entry("notification", "database eventbus generation signal telemetry"),
            Map.entry("notification.command", "database eventbus notification signal"),
            Map.entry("notification.stream", "database notification signal task"),
            Map.entry("queue", "database node task"),
            Map.entry("signal", "database task"),
            Map.entry(
                    "simulator",
                    "simulator.automatic1111 simulator.bfl simulator.callback simulator.comfyui simulator.fal simulator.fault simulator.http simulator.image simulator.openai simulator.replicate simulator.sdserver simulator.stability"),
            Map.entry("simulator.automatic1111", "simulator.fault simulator.http simulator.image"),
            Map.entry("simulator.bfl", "simulator.fault simulator.http simulator.image"),
            Map.entry("simulator.callback", "simulator.fault simulator.http simulator.image"),
            Map.entry("simulator.comfyui", "simulator.fault simulator.http simulator.image"),
            Map.entry("simulator.fal", "simulator.fault simulator.http simulator.image"),
            Map.entry("simulator.fault", "simulator.http"),
            Map.entry("simulator.http", ""),
            Map.entry("simulator.image", "simulator.fault simulator.http"),
            Map.entry("simulator.openai", "simulator.fault simulator.http simulator.image"),
            Map.entry("simulator.replicate", "simulator.fault simulator.http simulator.image"),
            Map.entry("simulator.sdserver", "simulator.fault simulator.http simulator.image"),
            Map.entry("simulator.stability", "simulator.fault simulator.http simulator.image"),
            Map.entry("task", ""),
            Map.entry("telemetry", "config telemetry.vertx"),
            Map.entry("telemetry.vertx", ""),
            Map.entry("upload", "config database eventbus image image.store"),
            Map.entry("usage", "backend config database"),
            Map.entry("webhook", "config database eventbus http node notification queue signal telemetry"),
            Map.entry("webhook.command", "config database eventbus http http.egress notification webhook"));

    private static final String API = "dev.darkroom.api..";
    private static final String SIMULATOR = "dev.darkroom.simulator..";

    @ArchTest
    static void packagesDependOnlyOnListedPackages(JavaClasses classes) {
        DEPENDENCIES.forEach((name, allowed) -> {
            String[] reachable = Stream.concat(Stream.of(name), Arrays.stream(allowed.split(" ")))
                    .map(each -> ROOT + "." + each)
                    .toArray(String[]::new);
            noClasses()
                    .that()
                    .resideInAPackage(ROOT + "." + name)
                    .should()
                    .dependOnClassesThat(resideInAPackage("dev.darkroom..").and(not(resideInAnyPackage(reachable))))
                    .allowEmptyShould(false)
                    .check(classes);
        });
    }

    @ArchTest
    static final ArchRule everyPackageIsListed = classes()
            .should()
            .resideInAnyPackage(Stream.concat(
                            Stream.of(ROOT, ROOT + ".server", ROOT + ".cli"),
                            DEPENDENCIES.keySet().stream().map(each -> ROOT + "." + each))
                    .toArray(String[]::new));

    @ArchTest
    static final ArchRule onlyTheCommandLineDependsOnTheServer = noClasses()
            .that(not(resideInAnyPackage(ROOT, ROOT + ".cli", ROOT + ".server")))
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(ROOT, ROOT + ".cli", ROOT + ".server");

    @ArchTest
    static final ArchRule serverDoesNotDependOnTheCommandLine = noClasses()
            .that()
            .resideInAPackage(ROOT + ".server")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(ROOT, ROOT + ".cli");

    /** The API sends messages to the features and uses their subscriptions. It calls no store. */
    @ArchTest
    static final ArchRule apiUsesFeaturesThroughTheirPublicTypes = noClasses()
            .that()
            .resideInAPackage(API)
            .should()
            .dependOnClassesThat(resideInAnyPackage(
                            "dev.darkroom.fleet..",
                            "dev.darkroom.generation..",
                            "dev.darkroom.notification..",
                            "dev.darkroom.webhook..",
                            "dev.darkroom.maintenance..")
                    .and(not(resideInAnyPackage("dev.darkroom.generation", "dev.darkroom.generation.json")))
                    .and(not(belongToAnyOf(
                            ErasureCommand.class,
                            FleetCommand.class,
                            FleetResult.class,
                            WaitingRequest.class,
                            ProgressSubscribers.class,
                            ProgressSubscribers.Subscriber.class,
                            JobProgressSignal.class,
                            ProgressSubscribers.ProgressListener.class,
                            Notification.class,
                            NotificationBus.class,
                            NotificationCommand.class,
                            NotificationCursor.class,
                            NotificationPresenter.class,
                            NotificationResult.class,
                            SubscriberName.class,
                            Delivery.class,
                            DeliveryAttempt.class,
                            DeliveryAttemptOutcome.class,
                            DeliveryStatus.class,
                            DisableReason.class,
                            PayloadFormat.class,
                            Webhook.class,
                            WebhookBus.class,
                            WebhookCommand.class,
                            WebhookResult.class,
                            NotificationHub.class,
                            NotificationFrameSink.class,
                            NotificationSubscription.class,
                            NotificationFrame.class))));

    @ArchTest
    static final ArchRule notificationsUseGenerationsOnlyThroughTheirFinishEvent = noClasses()
            .that()
            .resideInAPackage("dev.darkroom.notification..")
            .should()
            .dependOnClassesThat(resideInAPackage("dev.darkroom.generation..")
                    .and(not(belongToAnyOf(
                            GenerationFinishListener.class, FinishedGeneration.class, GenerationStatus.class))));

    /** The byte counters count only bodies that {@code ResponseWriter} writes. */
    @ArchTest
    static final ArchRule onlyTheResponseWriterWritesBodies = noClasses()
            .that()
            .resideInAnyPackage(API)
            .and()
            .doNotHaveFullyQualifiedName("dev.darkroom.api.transport.ResponseWriter")
            .should()
            .callMethodWhere(target(owner(assignableTo(HttpServerResponse.class)))
                    .and(target(nameMatching("write|end|send|sendFile")))
                    .and(DescribedPredicate.describe(
                            "with a body",
                            call -> !call.getTarget().getRawParameterTypes().isEmpty())));

    @ArchTest
    static final ArchRule onlyTheClusterPackageUsesHazelcast = noClasses()
            .that(not(resideInAPackage("dev.darkroom.eventbus.cluster")))
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("com.hazelcast..", "io.vertx.spi.cluster..");

    @ArchTest
    static final ArchRule packagesAreFreeOfCycles =
            slices().matching("dev.darkroom.(**)").should().beFreeOfCycles();

    @ArchTest
    static final ArchRule onlyStoresUseSql = noClasses()
            .that(not(resideInAnyPackage(
                    "dev.darkroom.database..",
                    "dev.darkroom.node",
                    "dev.darkroom.maintenance.doctor",
                    "dev.darkroom.auth..")))
            .and(not(isAStore()))
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.vertx.sqlclient..", "io.vertx.pgclient..", "java.sql..");

    @ArchTest
    static final ArchRule onlyTheApiAndTheSimulatorRouteHttp = noClasses()
            .that(not(resideInAnyPackage(API, SIMULATOR)))
            .should()
            .dependOnClassesThat(resideInAPackage("io.vertx.ext.web..").and(not(isOfTheWebClient())));

    /** The classes of the web client and its codecs. */
    private static DescribedPredicate<JavaClass> isOfTheWebClient() {
        return resideInAnyPackage("io.vertx.ext.web.client", "io.vertx.ext.web.codec");
    }

    @ArchTest
    static final ArchRule onlyTheHttpPackageAndTheJwksClientUseTheWebClient = noClasses()
            .that(not(resideInAPackage("dev.darkroom.http")))
            .and()
            .doNotHaveFullyQualifiedName("dev.darkroom.auth.jwt.JwksClient")
            .should()
            .dependOnClassesThat(isOfTheWebClient());

    /** The driver of PostgreSQL creates its sockets from an internal type, see decision 0032. */
    @ArchTest
    static final ArchRule internalsOfVertxAreNotUsed = noClasses()
            .that()
            .doNotHaveFullyQualifiedName("dev.darkroom.netty.NettyChannels")
            .and(not(name("dev.darkroom.database.DatabaseSocketMonitor")))
            .should()
            .dependOnClassesThat(resideInAnyPackage("io.vertx..impl..", "io.vertx..internal.."));

    @ArchTest
    static final ArchRule onlyTheHttpPackageOpensHttpConnections = noClasses()
            .that(not(resideInAnyPackage("dev.darkroom.http", "dev.darkroom.simulator.callback")))
            .should()
            .dependOnClassesThat(resideInAPackage("java.net.http..")
                    .or(assignableTo(HttpClient.class))
                    .or(assignableTo(WebClient.class)))
            .because("OutboundHttpClient opens one connection per exchange");

    @ArchTest
    static final ArchRule onlyTheCommandLinePrints = noClasses()
            .that(not(resideInAnyPackage(ROOT, "dev.darkroom.cli", "dev.darkroom.server")))
            .should(ACCESS_STANDARD_STREAMS);

    @ArchTest
    static final ArchRule logsGoThroughSlf4j = noClasses()
            .that()
            .doNotHaveSimpleName("SdkLog")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("java.util.logging..");

    @ArchTest
    static final ArchRule telemetryAloneUsesOpenTelemetry = noClasses()
            .that()
            .resideOutsideOfPackage("dev.darkroom.telemetry")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("io.opentelemetry..");

    @ArchTest
    static final ArchRule threadsDoNotSleep = noClasses()
            .should()
            .callMethodWhere(target(owner(assignableTo(Thread.class))).and(target(name("sleep"))))
            .because("a sleeping event loop serves no request; other threads wait for conditions");

    @ArchTest
    static final ArchRule decisionsDoNotUseTheWallClock = noClasses()
            .that()
            .resideInAnyPackage(
                    "dev.darkroom.fleet",
                    "dev.darkroom.node",
                    "dev.darkroom.queue",
                    "dev.darkroom.generation..",
                    "dev.darkroom.notification..",
                    "dev.darkroom.database..",
                    "dev.darkroom.auth..",
                    "dev.darkroom.cache")
            .should()
            .callMethodWhere(target(owner(assignableTo(System.class))).and(target(name("currentTimeMillis"))))
            .orShould()
            .callMethodWhere(target(owner(resideInAPackage("java.time.."))).and(target(name("now"))))
            .orShould()
            .callMethodWhere(target(owner(assignableTo(Clock.class))))
            .orShould()
            .dependOnClassesThat()
            .areAssignableTo(Date.class)
            .because(
                    "clocks of two machines differ: timestamps come from the database clock, durations from the monotonic"
                            + " clock of the process. Classes that check the times of tokens receive a clock");

    @ArchTest
    static final ArchRule blockingWorkUsesItsOwnPool = noClasses()
            .should()
            .callMethodWhere(target(owner(assignableTo(Vertx.class).or(assignableTo(Context.class))))
                    .and(target(name("executeBlocking"))))
            .because("blocking work on the default pool delays all other work");

    /** Stores, row mappers and the writer inside their transactions. */
    private static DescribedPredicate<JavaClass> isAStore() {
        return resideInAnyPackage("dev.darkroom.generation.store")
                .or(DescribedPredicate.describe(
                        "are stores", type -> type.getSimpleName().endsWith("Store")))
                .or(belongToAnyOf(NotificationWriter.class));
    }
}
