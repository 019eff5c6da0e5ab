package dev.darkroom.benchmark;

import dev.darkroom.auth.ApiKey;
import java.security.SecureRandom;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** Users with one API key each, inserted by a single SQL statement. */
final class BenchmarkUsers {
    private final List<ApiKey> keys = new ArrayList<>();

    BenchmarkUsers(ApiBenchmarkDatabase database, int count) throws SQLException {
        SecureRandom random = new SecureRandom();
        StringBuilder rows = new StringBuilder();
        for (int i = 0; i < count; i++) {
            ApiKey key = ApiKey.generate(random);
            keys.add(key);
            rows.append(i == 0 ? "" : ",")
                    .append("('%s', '%s', '%s', 'user')".formatted(key.id(), key.hash(), name(i)));
        }
        database.execute("INSERT INTO api_keys (id, hash, user_id, role) VALUES " + rows);
    }

    int count() {
        return keys.size();
    }

    static String name(int user) {
        return "user-" + user;
    }

    /** Returns name and value of the authorization header of a user. */
    String[] authorizationHeader(int user) {
        return new String[] {
            "Authorization", "Bearer " + keys.get(user % keys.size()).secret()
        };
    }

    /** Returns the authorization header of a user as a header line. */
    String authorizationLine(int user) {
        return String.join(": ", authorizationHeader(user));
    }
}
