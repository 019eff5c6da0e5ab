package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.ApiClient.ApiResponse;
import dev.darkroom.testing.DarkroomInstance;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.InProcessFleet;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Budgets of users and AI servers over HTTP. */
class BudgetIT {
    private static final Duration DEADLINE = Duration.ofSeconds(60);

    @TempDir
    Path directory;

    private InProcessFleet fleet;

    @BeforeEach
    void start() {
        fleet = new InProcessFleet(directory);
    }

    @AfterEach
    void stop() {
        fleet.close();
    }

    private static String request() {
        return new JsonObject().put("prompt", "a pier").encode();
    }

    private DarkroomInstanceSettings userBudget(String price) {
        return fleet.settings(8)
                .with("DARKROOM_ACCOUNTING_USER_DAY_BUDGET", "10")
                .with("DARKROOM_BACKEND_PRICES", "*=" + price);
    }

    private long count(String sql) {
        return Long.parseLong(TestPostgres.query(fleet.database(), sql).get(0));
    }

    @Test
    void parallelRequestsAtTwoNodesWithDifferentPricesStayWithinTheBudget() {
        // given two nodes, one with the new price
        ApiClient first = fleet.start("first", userBudget("1")).client();
        ApiClient second = fleet.start("second", userBudget("1.5")).client();
        ExecutorService clients = Executors.newFixedThreadPool(20);

        // when
        List<CompletableFuture<ApiResponse>> requests = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            ApiClient client = i % 2 == 0 ? first : second;
            requests.add(CompletableFuture.supplyAsync(() -> client.post(request()), clients));
        }
        List<ApiResponse> responses =
                requests.stream().map(CompletableFuture::join).toList();
        clients.shutdown();
        List<JsonObject> ended = responses.stream()
                .filter(response -> response.status() == 202)
                .map(response -> first.awaitEnd(response.json().getString("id"), DEADLINE))
                .toList();

        // then nothing was paid beyond the budget
        assertThat(responses).allMatch(response -> response.status() == 202 || response.status() == 402);
        assertThat(ended.stream()
                        .collect(Collectors.groupingBy(each -> each.getString("status"), Collectors.counting())))
                .containsOnlyKeys("COMPLETE", "FAILED");
        assertThat(ended)
                .filteredOn(each -> each.getString("status").equals("FAILED"))
                .allMatch(each -> each.getJsonObject("error").getString("code").equals("BUDGET_EXCEEDED"));
        long cost =
                ended.stream().mapToLong(each -> each.getLong("costMicros", 0L)).sum();
        assertThat(cost).isBetween(8_500_001L, 10_000_000L);
        assertThat(first.get("/api/usage").json().getJsonObject("total").getLong("costMicros"))
                .isEqualTo(cost);
        assertThat(count("SELECT spent_micros FROM budgets WHERE scope = 'USER'"))
                .isEqualTo(cost);
        fleet.assertNoViolations();
    }

    @Test
    void exhaustedBudgetRejectsRequestsWithLimitAndReset() {
        // given
        ApiClient client = fleet.start("node", userBudget("6")).client();
        client.awaitEnd(client.post(request()).json().getString("id"), DEADLINE);

        // when
        ApiResponse rejected = client.post(request());

        // then
        assertThat(rejected.status()).isEqualTo(402);
        assertThat(rejected.json().getString("type")).isEqualTo("urn:darkroom:problem:budget-exceeded");
        assertThat(rejected.json().getString("detail"))
                .matches("The daily budget of the user is exhausted: of 10 USD, 6 are spent and 0 reserved\\."
                        + " It resets at 20\\d\\d-\\d\\d-\\d\\dT00:00:00Z\\. Nothing was stored\\.");
        assertThat(Long.parseLong(rejected.header("retry-after"))).isBetween(1L, 86_400L);
        assertThat(count("SELECT count(*) FROM generations")).isEqualTo(1);
    }

    private DarkroomInstance startWithBackends(String models, String deadline) throws IOException {
        return start("""
                backends:
                  paid: {url: "%1$s", prices: "*=1", dayBudget: 2}
                  free: {url: "%1$s"}
                models:
                  flux: %2$s
                """.formatted(fleet.simulator().url(), models), deadline);
    }

    private DarkroomInstance start(String configuration, String deadline) throws IOException {
        Path conf = Files.writeString(directory.resolve("conf.yaml"), configuration);
        return fleet.start(
                "node",
                DarkroomInstanceSettings.forTests()
                        .database(fleet.database())
                        .with("DARKROOM_CONF", conf.toString())
                        .with("DARKROOM_GENERATION_DEADLINE", deadline)
                        .with("DARKROOM_IMAGE_DIR", directory.resolve("images").toString()));
    }

    /** Makes generations one after the other and returns the AI server and the selection of each first attempt. */
    private static List<String> makeGenerations(ApiClient client, int count) {
        List<String> attempts = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            JsonObject ended = client.awaitEnd(client.post(request()).json().getString("id"), DEADLINE);
            assertThat(ended.getString("status")).isEqualTo("COMPLETE");
            JsonObject attempt = ended.getJsonArray("attempts").getJsonObject(0);
            attempts.add(attempt.getString("backend") + " " + attempt.getString("selection"));
        }
        return attempts;
    }

    @Test
    void generationsOfAUserWithoutBudgetGoToCheaperAiServers() throws IOException {
        // given
        ApiClient client = start("""
                accounting:
                  userDayBudget: 2.5
                backends:
                  dear: {url: "%1$s", prices: "*=1"}
                  cheap: {url: "%1$s", prices: "*=0.4"}
                  gratis: {url: "%1$s", prices: "*=0"}
                models:
                  flux: dear, cheap, gratis
                """.formatted(fleet.simulator().url()), "60s").client();

        // then
        assertThat(makeGenerations(client, 5))
                .containsExactly("dear ORDER", "dear ORDER", "cheap FAILOVER", "gratis FAILOVER", "gratis FAILOVER");
        assertThat(count("SELECT spent_micros FROM budgets")).isEqualTo(2_400_000);
        assertThat(count("SELECT count(*) FROM generation_attempts")).isEqualTo(5);
        fleet.assertNoViolations();
    }

    @Test
    void generationsGoToAnotherAiServerWhenTheBudgetOfTheFirstIsExhausted() throws IOException {
        // given
        ApiClient client = startWithBackends("paid, free", "60s").client();

        // then
        assertThat(makeGenerations(client, 5))
                .containsExactly("paid ORDER", "paid ORDER", "free ORDER", "free ORDER", "free ORDER");
        fleet.assertNoViolations();
    }

    @Test
    void acceptedGenerationsWaitForTheBudgetOfTheirOnlyAiServer() throws IOException {
        // given more generations than the budget has room for, accepted before the first submission
        DarkroomInstance node = startWithBackends("paid", "8s");
        ApiClient client = node.client();
        TestPostgres.execute(
                fleet.database(),
                "INSERT INTO budgets (scope, owner, period, starts_on, spent_micros) VALUES ('BACKEND', 'paid', 'DAY',"
                        + " (now() AT TIME ZONE 'UTC')::date, 0)");
        List<String> ids = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            ApiResponse response = client.post(request());
            if (response.status() == 202) {
                ids.add(response.json().getString("id"));
            }
        }

        // when
        List<JsonObject> ended =
                ids.stream().map(id -> client.awaitEnd(id, DEADLINE)).toList();

        // then
        assertThat(ended)
                .filteredOn(each -> each.getString("status").equals("COMPLETE"))
                .hasSize(2);
        assertThat(ended)
                .filteredOn(each -> each.getString("status").equals("FAILED"))
                .allMatch(each -> each.getJsonObject("error").getString("code").equals("DEADLINE_EXCEEDED"));
        await().atMost(DEADLINE).until(() -> client.post(request()).status() == 402);
        assertThat(count("SELECT spent_micros FROM budgets")).isEqualTo(2_000_000);
        fleet.assertNoViolations();
    }
}
