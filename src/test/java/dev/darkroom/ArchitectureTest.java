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
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import dev.darkroom.access.Address;
import dev.darkroom.access.CutOff;
import dev.darkroom.command.Command;
import dev.darkroom.command.CommandNames;
import dev.darkroom.command.Timestamp;
import dev.darkroom.database.DatabaseErrors;
import dev.darkroom.erasure.ErasureBus;
import dev.darkroom.generation.EndedGeneration;
import dev.darkroom.generation.GenerationBus;
import dev.darkroom.generation.GenerationEndListener;
import dev.darkroom.generation.GenerationEvents;
import dev.darkroom.generation.GenerationStatus;
import dev.darkroom.generation.ProgressWatch;
import dev.darkroom.notification.Frame;
import dev.darkroom.notification.NewNotification;
import dev.darkroom.notification.Notification;
import dev.darkroom.notification.NotificationBus;
import dev.darkroom.notification.RecordListener;
import dev.darkroom.notification.RecordStore;
import dev.darkroom.notification.StreamHub;
import dev.darkroom.notification.StreamSink;
import dev.darkroom.notification.Subscriber;
import dev.darkroom.notification.Subscription;
import dev.darkroom.webhook.WebhookBus;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.client.WebClient;
import java.time.Clock;
import java.util.Date;

/**
 * Who may know whom. Imports point one way: api, generation, then backend, image and node, then database, then config. A
 * package that is missing here may not exist, so a new one has to be named.
 */
@AnalyzeClasses(packages = "dev.darkroom", importOptions = DoNotIncludeTests.class)
class ArchitectureTest {
    private static final String ROOT = "dev.darkroom";
    private static final String ACCESS = "dev.darkroom.access..";
    private static final String API = "dev.darkroom.api..";
    private static final String GENERATION = "dev.darkroom.generation..";
    /** The interface and its records. */
    private static final String BACKEND = "dev.darkroom.backend";
    /** The same, with what calls real AI servers. */
    private static final String BACKENDS = "dev.darkroom.backend..";

    private static final String INBOUND = "dev.darkroom.inbound..";
    private static final String IMAGE = "dev.darkroom.image..";
    private static final String EGRESS = "dev.darkroom.egress..";
    private static final String WEBHOOK = "dev.darkroom.webhook..";
    private static final String LEASE = "dev.darkroom.lease..";
    private static final String NODE = "dev.darkroom.node..";
    private static final String DATABASE = "dev.darkroom.database..";
    private static final String HOUSEKEEPING = "dev.darkroom.housekeeping..";
    private static final String ERASURE = "dev.darkroom.erasure..";
    private static final String DOCTOR = "dev.darkroom.doctor..";
    private static final String COMMAND = "dev.darkroom.command..";
    private static final String NOTIFICATION = "dev.darkroom.notification..";
    private static final String CONFIG = "dev.darkroom.config..";
    private static final String CLUSTER = "dev.darkroom.cluster..";
    private static final String REFRESH = "dev.darkroom.refresh..";
    private static final String SIMULATOR = "dev.darkroom.simulator..";

    @ArchTest
    static final ArchRule everyClassLivesInAKnownRoom = classes()
            .should()
            .resideInAnyPackage(
                    ROOT,
                    ACCESS,
                    API,
                    GENERATION,
                    BACKENDS,
                    INBOUND,
                    IMAGE,
                    EGRESS,
                    WEBHOOK,
                    LEASE,
                    NODE,
                    DATABASE,
                    CONFIG,
                    SIMULATOR,
                    DOCTOR,
                    HOUSEKEEPING,
                    ERASURE,
                    COMMAND,
                    NOTIFICATION,
                    CLUSTER,
                    REFRESH);

    @ArchTest
    static final ArchRule clusterKnowsGenerationsOnlyByTheNamesOfTheirMessages = knowsOnly(
            CLUSTER, resideInAnyPackage(CLUSTER, CONFIG).or(belongToAnyOf(GenerationBus.class, CommandNames.class)));

    @ArchTest
    static final ArchRule inboundKnowsHowToAbortConnections =
            knowsOnly(INBOUND, resideInAPackage(INBOUND).or(belongToAnyOf(Address.class, CutOff.class)));

    /** A body that is written elsewhere does not count as unsent, and nobody notices when it is never read. */
    @ArchTest
    static final ArchRule bodiesAreWrittenWhereTheyAreCounted = noClasses()
            .that()
            .resideInAPackage(API)
            .and()
            .doNotHaveFullyQualifiedName("dev.darkroom.api.ResponseWriter")
            .should()
            .callMethodWhere(target(owner(assignableTo(HttpServerResponse.class)))
                    .and(target(nameMatching("write|end|send|sendFile")))
                    .and(DescribedPredicate.describe(
                            "with a body",
                            call -> !call.getTarget().getRawParameterTypes().isEmpty())));

    @ArchTest
    static final ArchRule onlyOneRoomKnowsTheCluster = noClasses()
            .that(not(resideInAPackage(CLUSTER)))
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("com.hazelcast..", "io.vertx.spi.cluster..");

    @ArchTest
    static final ArchRule configKnowsNobody = knowsOnly(CONFIG, resideInAPackage(CONFIG));

    @ArchTest
    static final ArchRule simulatorKnowsNobody = knowsOnly(SIMULATOR, resideInAPackage(SIMULATOR));

    @ArchTest
    static final ArchRule databaseKnowsConfig = knowsOnly(DATABASE, resideInAnyPackage(DATABASE, CONFIG));

    @ArchTest
    static final ArchRule accessKnowsEgressDatabaseAndConfig =
            knowsOnly(ACCESS, resideInAnyPackage(ACCESS, EGRESS, DATABASE, CONFIG, REFRESH));

    @ArchTest
    static final ArchRule refreshKnowsNobody = knowsOnly(REFRESH, resideInAPackage(REFRESH));

    @ArchTest
    static final ArchRule nodeKnowsDatabaseAndConfig = knowsOnly(NODE, resideInAnyPackage(NODE, DATABASE, CONFIG));

    @ArchTest
    static final ArchRule egressKnowsNobody = knowsOnly(EGRESS, resideInAPackage(EGRESS));

    @ArchTest
    static final ArchRule leaseKnowsNodeAndDatabase =
            knowsOnly(LEASE, resideInAnyPackage(LEASE, NODE, DATABASE, CONFIG));

    @ArchTest
    static final ArchRule doctorKnowsDatabaseAndConfig =
            knowsOnly(DOCTOR, resideInAnyPackage(DOCTOR, DATABASE, CONFIG));

    @ArchTest
    static final ArchRule housekeepingKnowsImageDatabaseAndConfig = knowsOnly(
            HOUSEKEEPING,
            resideInAnyPackage(HOUSEKEEPING, NODE, IMAGE, DATABASE, CONFIG).or(belongToAnyOf(Timestamp.class)));

    @ArchTest
    static final ArchRule erasureKnowsTheTablesAndTheNamesOfMessages = knowsOnly(
            ERASURE,
            resideInAnyPackage(ERASURE, COMMAND, NODE, IMAGE, DATABASE, CONFIG).or(belongToAnyOf(GenerationBus.class)));

    @ArchTest
    static final ArchRule imageKnowsConfig = knowsOnly(IMAGE, resideInAnyPackage(IMAGE, CONFIG));

    @ArchTest
    static final ArchRule backendKnowsImageAndConfig = knowsOnly(
            BACKENDS, resideInAnyPackage(BACKENDS, IMAGE, EGRESS, CONFIG).or(belongToAnyOf(Timestamp.class)));

    @ArchTest
    static final ArchRule generationKnowsBackendsOnlyByTheirInterface = knowsOnly(
            GENERATION, resideInAnyPackage(GENERATION, COMMAND, BACKEND, IMAGE, LEASE, EGRESS, NODE, DATABASE, CONFIG));

    @ArchTest
    static final ArchRule commandsKnowDatabaseErrors =
            knowsOnly(COMMAND, resideInAPackage(COMMAND).or(belongToAnyOf(DatabaseErrors.class)));

    @ArchTest
    static final ArchRule apiKnowsGenerationsOnlyByTheirMessages = knowsOnly(
            API,
            resideInAnyPackage(API, ACCESS, INBOUND, IMAGE, CONFIG)
                    .or(belongToAnyOf(
                            ErasureBus.class,
                            GenerationBus.class,
                            GenerationStatus.class,
                            Command.class,
                            CommandNames.class,
                            Timestamp.class))
                    .or(belongToAnyOf(
                            GenerationEvents.class,
                            ProgressWatch.class,
                            ProgressWatch.Watcher.class,
                            ProgressWatch.Listener.class))
                    .or(belongToAnyOf(
                            NotificationBus.class,
                            Subscriber.class,
                            WebhookBus.class,
                            StreamHub.class,
                            StreamSink.class,
                            Subscription.class,
                            Frame.class)));

    @ArchTest
    static final ArchRule notificationHearsOfEndsAndKnowsNoneOfTheRest = knowsOnly(
            NOTIFICATION,
            resideInAnyPackage(NOTIFICATION, COMMAND, NODE, DATABASE, CONFIG)
                    .or(belongToAnyOf(GenerationEndListener.class, EndedGeneration.class, GenerationStatus.class)));

    @ArchTest
    static final ArchRule webhooksKnowWhatIsRecordedAndHowWorkIsShared = knowsOnly(
            WEBHOOK,
            resideInAnyPackage(WEBHOOK, COMMAND, LEASE, EGRESS, NODE, DATABASE, CONFIG)
                    .or(belongToAnyOf(
                            RecordListener.class, RecordStore.class, Notification.class, NewNotification.class)));

    @ArchTest
    static final ArchRule noPackageIsInACircle =
            slices().matching("dev.darkroom.(**)").should().beFreeOfCycles();

    @ArchTest
    static final ArchRule onlyStoresSpeakSql = noClasses()
            .that(not(resideInAnyPackage(DATABASE, NODE, DOCTOR, ACCESS)))
            .and(not(isAStore()))
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.vertx.sqlclient..", "io.vertx.pgclient..", "java.sql..");

    @ArchTest
    static final ArchRule onlyTheEdgesRouteHttp = noClasses()
            .that(not(resideInAnyPackage(API, SIMULATOR)))
            .should()
            .dependOnClassesThat(resideInAPackage("io.vertx.ext.web..").and(not(isOfTheWebClient())));

    /** Its own classes and the codecs that it takes. */
    private static DescribedPredicate<JavaClass> isOfTheWebClient() {
        return resideInAnyPackage("io.vertx.ext.web.client", "io.vertx.ext.web.codec");
    }

    @ArchTest
    static final ArchRule onlyEgressAndSmallFetchesUseTheWebClient = noClasses()
            .that(not(resideInAPackage(EGRESS)))
            .and()
            .doNotHaveFullyQualifiedName("dev.darkroom.access.JwksFetch")
            .should()
            .dependOnClassesThat(isOfTheWebClient());

    @ArchTest
    static final ArchRule nobodyUsesTheInternalsOfTheWebClient = noClasses()
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.vertx.ext.web.client.impl..", "io.vertx.ext.web.codec.impl..");

    @ArchTest
    static final ArchRule onlyEgressOpensHttpConnections = noClasses()
            .that(not(resideInAPackage(EGRESS)))
            .should()
            .dependOnClassesThat(resideInAPackage("java.net.http..")
                    .or(assignableTo(HttpClient.class))
                    .or(assignableTo(WebClient.class)))
            .because("OutboundClient gives each exchange a connection of its own");

    @ArchTest
    static final ArchRule onlyTheCommandLinePrints =
            noClasses().that(not(resideInAPackage(ROOT))).should(ACCESS_STANDARD_STREAMS);

    @ArchTest
    static final ArchRule logsGoThroughSlf4j =
            noClasses().should().dependOnClassesThat().resideInAPackage("java.util.logging..");

    @ArchTest
    static final ArchRule nobodySleeps = noClasses()
            .should()
            .callMethodWhere(target(owner(assignableTo(Thread.class))).and(target(name("sleep"))))
            .because("an event loop that sleeps serves nobody, and other threads wait for conditions");

    @ArchTest
    static final ArchRule nobodyWhoDecidesLooksAtTheWall = noClasses()
            .that()
            .resideInAnyPackage(NODE, LEASE, GENERATION, NOTIFICATION, DATABASE, ACCESS, REFRESH)
            .should()
            .callMethodWhere(target(owner(assignableTo(System.class))).and(target(name("currentTimeMillis"))))
            .orShould()
            .callMethodWhere(target(owner(resideInAPackage("java.time.."))).and(target(name("now"))))
            .orShould()
            .callMethodWhere(target(owner(assignableTo(Clock.class))))
            .orShould()
            .dependOnClassesThat()
            .areAssignableTo(Date.class)
            .because("clocks of two machines differ: the database's tells the time, a process only how much has passed."
                    + " The times of tokens are of a third; whoever judges them is handed a clock");

    @ArchTest
    static final ArchRule blockingWorkHasAPoolOfItsOwn = noClasses()
            .should()
            .callMethodWhere(target(owner(assignableTo(Vertx.class).or(assignableTo(Context.class))))
                    .and(target(name("executeBlocking"))))
            .because("whatever blocks on the default pool makes everybody else wait");

    private static ArchRule knowsOnly(String room, DescribedPredicate<JavaClass> allowed) {
        return noClasses()
                .that()
                .resideInAPackage(room)
                .should()
                .dependOnClassesThat(resideInAPackage("dev.darkroom..").and(not(allowed)));
    }

    /** The stores, what reads their rows, and what is called inside their transactions. */
    private static DescribedPredicate<JavaClass> isAStore() {
        return resideInAnyPackage(GENERATION, HOUSEKEEPING, ERASURE, LEASE, NOTIFICATION, WEBHOOK)
                .and(DescribedPredicate.describe(
                        "are stores",
                        type -> type.getSimpleName().endsWith("Store")
                                || type.getSimpleName().equals("GenerationJson")
                                || type.isEquivalentTo(GenerationEndListener.class)
                                || type.isEquivalentTo(RecordListener.class)));
    }
}
