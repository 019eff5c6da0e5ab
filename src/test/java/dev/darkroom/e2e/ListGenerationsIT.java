package dev.darkroom.e2e;

import static dev.darkroom.testing.ProblemAssertions.assertProblem;
import static dev.darkroom.testing.ProblemAssertions.errorsOf;
import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.ApiClient.ApiResponse;
import dev.darkroom.testing.DarkroomExtension;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Lists the generations of a user, page by page. */
class ListGenerationsIT {
    @RegisterExtension
    static final DarkroomExtension service = DarkroomExtension.shared();

    private static final String LIST = "/api/generation";

    /** Each test has a user of its own. */
    private final DarkroomExtension.User user = service.newUser();

    /** Deletes the rows of {@link #insert}: they have no attempts, which the doctor command reports. */
    @AfterEach
    void deleteInserted() {
        TestPostgres.execute(service.database(), "DELETE FROM generations WHERE error_code = 'X'");
    }

    /** Inserts ended generations, one second apart, the last of them a minute ago. */
    private static void insert(int count, String user) {
        TestPostgres.execute(service.database(), """
                INSERT INTO generations (id, user_id, status, prompt, width, height, image_count, seed, error_code, error_class,
                  error_message, error_retryable, created_at, updated_at, completed_at)
                SELECT gen_random_uuid(), '%s', 'FAILED', 'p' || n, 64, 64, 1, n, 'X', 'MODERATED', 'x', false, at, at, at
                FROM (SELECT n, now() - interval '1 minute' - (%d - n) * interval '1 second' AS at
                      FROM generate_series(1, %d) n) g""".formatted(user, count, count));
    }

    private static List<JsonObject> items(ApiResponse apiResponse) {
        assertThat(apiResponse.status()).as(apiResponse.text()).isEqualTo(200);
        return apiResponse.json().getJsonArray("items").stream()
                .map(JsonObject.class::cast)
                .toList();
    }

    private static List<String> prompts(ApiResponse apiResponse) {
        return items(apiResponse).stream().map(item -> item.getString("prompt")).toList();
    }

    @Test
    void pagesContainEveryGenerationOnceWhileOthersAreAccepted() {
        // given
        insert(2_000, user.name());
        Set<String> before = new HashSet<>(TestPostgres.query(
                service.database(), "SELECT id FROM generations WHERE user_id = '" + user.name() + "'"));
        assertThat(before).hasSize(2_000);

        // when
        List<String> read = new ArrayList<>();
        ApiResponse page = user.client().get(LIST + "?limit=100");
        while (true) {
            items(page).forEach(item -> read.add(item.getString("id")));
            user.client().create("Meanwhile");
            String link = page.header("Link");
            if (link == null) {
                break;
            }
            assertThat(link).matches("</api/generation\\?limit=100&cursor=[\\w-]+>; rel=\"next\"");
            assertThat(link).contains(page.json().getString("nextCursor"));
            page = user.client().get(link.substring(1, link.indexOf('>')));
        }

        // then
        assertThat(page.json().containsKey("nextCursor")).isFalse();
        assertThat(read).hasSize(2_000).doesNotHaveDuplicates();
        assertThat(new HashSet<>(read)).isEqualTo(before);
    }

    @Test
    void listsNewestFirstInPagesOf20() {
        // given
        insert(21, user.name());
        insert(3, service.newUser().name());

        // when
        ApiResponse apiResponse = user.client().get(LIST);

        // then
        assertThat(prompts(apiResponse)).hasSize(20).startsWith("p21", "p20").endsWith("p2");
        assertThat(prompts(
                        user.client().get(LIST + "?cursor=" + apiResponse.json().getString("nextCursor"))))
                .containsExactly("p1");
    }

    @Test
    void returnsEmptyPageWithoutGenerations() {
        ApiResponse apiResponse = user.client().get(LIST);
        assertThat(apiResponse.json()).isEqualTo(new JsonObject("{\"items\":[]}"));
        assertThat(apiResponse.header("Link")).isNull();
    }

    @Test
    void appliesFilters() {
        // given
        insert(3, user.name());
        List<JsonObject> all = items(user.client().get(LIST));
        String id = user.client().create("now");
        user.client().awaitEnd(id);
        String second = all.get(1).getString("createdAt");

        // then
        assertThat(prompts(user.client().get(LIST + "?status=COMPLETE"))).containsExactly("now");
        assertThat(items(user.client().get(LIST + "?status=COMPLETE")).get(0))
                .isEqualTo(user.client().generation(id));
        assertThat(prompts(user.client().get(LIST + "?status=FAILED&createdAfter=" + second)))
                .containsExactly("p3");
        assertThat(prompts(user.client().get(LIST + "?createdBefore=" + second)))
                .containsExactly("p1");
        assertThat(prompts(user.client()
                        .get(LIST + "?status=FAILED&limit=1&createdAfter=2020-01-01T00:00:00%2B02:00&createdBefore="
                                + second.replace("Z", "999Z"))))
                .containsExactly("p2");
        assertThat(user.client()
                        .get(LIST + "?status=FAILED&limit=1&createdBefore=" + second)
                        .header("Link"))
                .isNull();
    }

    @Test
    void nextPageKeepsFilters() {
        // given
        insert(3, user.name());

        // when
        String link = user.client()
                .get(LIST + "?limit=1&status=FAILED&createdAfter=2020-01-01T00:00:00%2B02:00")
                .header("Link");

        // then
        assertThat(link).contains("status=FAILED", "createdAfter=2020-01-01T00%3A00%3A00%2B02%3A00", "limit=1");
        assertThat(prompts(user.client().get(link.substring(1, link.indexOf('>')))))
                .containsExactly("p2");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "status=DONE | status must be PENDING, COMPLETE or FAILED",
                "limit=0 | limit must be an integer between 1 and 100",
                "limit=101 | limit must be an integer between 1 and 100",
                "limit=ten | limit must be an integer between 1 and 100",
                "limit= | limit must be an integer between 1 and 100",
                "limit=1&limit=2 | limit must not be given more than once",
                "createdAfter=yesterday | createdAfter must be a date and a time with its offset, such as 2026-11-23T10:15:30Z",
                "createdBefore=2026-02-30T00:00:00Z | createdBefore must be a date and a time with its offset, such as 2026-11-23T10:15:30Z",
                "createdBefore=0000-01-01T00:00:00Z | createdBefore must be a date and a time with its offset, such as 2026-11-23T10:15:30Z",
                "cursor=x | cursor is not a valid cursor",
                "cursor=f_______________________________ | cursor is not a valid cursor",
                "stauts=FAILED | stauts is not a known parameter; known: status, createdAfter, createdBefore, limit, cursor"
            })
    void namesInvalidParameter(String query, String error) {
        ApiResponse apiResponse = user.client().get(LIST + "?" + query);
        assertProblem(apiResponse, 400, "invalid-request", LIST);
        assertThat(errorsOf(apiResponse)).containsExactly(error);
    }
}
