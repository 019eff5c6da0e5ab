package dev.darkroom.testing;

import dev.darkroom.auth.ApiKey;
import dev.darkroom.config.DatabaseUrl;
import java.security.SecureRandom;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Creates API keys for many users with one statement, equal to those of {@code keys create}. */
public final class TestApiKeys {
    private TestApiKeys() {}

    /** Creates a key for one user. The database must be migrated. */
    public static String create(DatabaseUrl database, String user) {
        return create(database, List.of(user)).get(0);
    }

    /** Creates a key for each user and returns them in the same order. */
    public static List<String> create(DatabaseUrl database, List<String> users) {
        SecureRandom random = new SecureRandom();
        List<ApiKey> keys = Stream.generate(() -> ApiKey.generate(random))
                .limit(users.size())
                .toList();
        StringBuilder rows = new StringBuilder();
        for (int i = 0; i < keys.size(); i++) {
            ApiKey key = keys.get(i);
            rows.append(i == 0 ? "" : ",")
                    .append("('%s', '%s', '%s', 'user')".formatted(key.id(), key.hash(), users.get(i)));
        }
        TestPostgres.execute(database, "INSERT INTO api_keys (id, hash, user_id, role) VALUES " + rows);
        return keys.stream().map(ApiKey::secret).collect(Collectors.toList());
    }
}
