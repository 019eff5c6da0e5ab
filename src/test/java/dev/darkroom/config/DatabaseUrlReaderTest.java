package dev.darkroom.config;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl.ServerAddress;
import dev.darkroom.config.DatabaseUrl.SslMode;
import dev.darkroom.config.DatabaseUrl.TargetSession;
import dev.darkroom.config.DatabaseUrl.Tls;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DatabaseUrlReaderTest {
    private static final String NAME = "DARKROOM_DATABASE_URL";

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            nullValues = "none",
            value = {
                "postgresql://ada:secret@db:6543/darkroom | db | 6543 | darkroom | ada | secret",
                "postgres://ada:secret@db/darkroom | db | 5432 | darkroom | ada | secret",
                "POSTGRESQL://ada@127.0.0.1:1/d | 127.0.0.1 | 1 | d | ada | ''",
                "postgresql://ada:@db/d | db | 5432 | d | ada | ''",
                "postgresql://ada:a:b@db/d | db | 5432 | d | ada | a:b",
                "postgresql://ada:a+b@db/d+e | db | 5432 | d+e | ada | a+b",
                "postgresql://a%40b:p%2Fw%3F%23%25%3A@db/my%20db%2F1 | db | 5432 | my db/1 | a@b | p/w?#%:",
                "postgresql://%C3%A5da:%E2%82%ac@db/d | db | 5432 | d | åda | €",
                "postgresql://åda:€@db/d | db | 5432 | d | åda | €",
                "postgresql://ada@[::1]:5433/d | ::1 | 5433 | d | ada | ''",
                "postgresql://ada@[2001:DB8::1]/d | 2001:DB8::1 | 5432 | d | ada | ''",
                "postgresql://ada@my_db.internal-1/d | my_db.internal-1 | 5432 | d | ada | ''",
            })
    void parsesUrl(String text, String host, int port, String database, String user, String password) {
        assertThat(SettingsTestLoader.load(Map.of(NAME, text)).database().url())
                .isEqualTo(new DatabaseUrl(host, port, database, user, new Secret(password)));
    }

    @Test
    void parsesServersAndParameters() {
        // when
        DatabaseUrl url = SettingsTestLoader.load(Map.of(
                        NAME,
                        "postgresql://ada:x@a:1,[::1],c/d?sslmode=verify-full&sslrootcert=/etc/my%20ca.pem"
                                + "&target_session_attrs=primary"))
                .database()
                .url();

        // then
        assertThat(url)
                .isEqualTo(new DatabaseUrl(
                        List.of(
                                new ServerAddress("a", 1),
                                new ServerAddress("::1", 5432),
                                new ServerAddress("c", 5432)),
                        "d",
                        "ada",
                        new Secret("x"),
                        new Tls(SslMode.VERIFY_FULL, Path.of("/etc/my ca.pem")),
                        TargetSession.PRIMARY));
        assertThat(url.jdbcUrl()).isEqualTo("jdbc:postgresql://a:1,[::1]:5432,c:5432/d");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "secret | ''",
                "mysql://ada:secret@db/d | ''",
                "postgresql:/ada:secret@db/d | ''",
                "jdbc:postgresql://db/secret | ' without \"jdbc:\" in front and with user and password inside'",
                "JDBC:postgresql://db/secret | ' without \"jdbc:\" in front and with user and password inside'",
                "postgresql://db/secret | ' with a user'",
                "postgresql://:secret@db/d | ' with a user'",
                "postgresql://ada:secret@db | ' with a database'",
                "postgresql://ada:secret@db/ | ' with a database'",
                "postgresql://ada:secret@/d | ' with hosts separated by commas: a name, an IPv4 address or an IPv6 address in brackets each'",
                "postgresql://ada:secret@a,/d | ' with hosts separated by commas: a name, an IPv4 address or an IPv6 address in brackets each'",
                "postgresql://ada:secret@a:1 ,b:2/d | ' with hosts separated by commas: a name, an IPv4 address or an IPv6 address in brackets each'",
                "postgresql://ada:secret@::1/d | ' with hosts separated by commas: a name, an IPv4 address or an IPv6 address in brackets each'",
                "postgresql://ada:secret@%2Frun/d | ' with hosts separated by commas: a name, an IPv4 address or an IPv6 address in brackets each'",
                "postgresql://ada:secret@db:/d | ' with hosts separated by commas: a name, an IPv4 address or an IPv6 address in brackets each'",
                "postgresql://ada:secret@db:x/d | ' with hosts separated by commas: a name, an IPv4 address or an IPv6 address in brackets each'",
                "postgresql://ada:secret@db:0/d | ' with a port from 1 to 65535'",
                "postgresql://ada:secret@db:65536/d | ' with a port from 1 to 65535'",
                "postgresql://ada:secret@db?sslmode=require | ' with a database'",
                "postgresql://ada:x@db/d?password=secret&options=-c&sslmode | ' with no parameters but sslmode, sslrootcert and target_session_attrs (unsupported: password, options)'",
                "postgresql://ada:x@db/d? | ' with no parameters but sslmode, sslrootcert and target_session_attrs'",
                "postgresql://ada:x@db/d?s-e-c-r-e-t | ' with no parameters but sslmode, sslrootcert and target_session_attrs'",
                "postgresql://ada:x@db/d?sslmode=secret | ' with sslmode one of disable, prefer, require, verify-ca, verify-full'",
                "postgresql://ada:x@db/d?sslmode=allow | ' with sslmode one of disable, prefer, require, verify-ca, verify-full'",
                "postgresql://ada:x@db/d?sslmode | ' with one value for sslmode'",
                "postgresql://ada:x@db/d?sslmode=require&sslmode=require | ' with one value for sslmode'",
                "postgresql://ada:x@db/d?sslmode=require&sslrootcert=secret | ' with sslrootcert only beside sslmode=verify-ca or sslmode=verify-full'",
                "postgresql://ada:x@db/d?sslmode=verify-ca&sslrootcert=%00 | ' percent-encoded as UTF-8 and without NUL'",
                "postgresql://ada:x@db/d?target_session_attrs=standby | ' with target_session_attrs one of any, read-write, primary'",
                "postgresql://ada:x@db/d#secret | ' without a fragment (write # as %23)'",
                "postgresql://ada:sec@ret@db/d | ' with @, /, ? and # in user and password written %40, %2F, %3F and %23'",
                "postgresql://ada:sec/ret@db/d | ' with @, /, ? and # in user and password written %40, %2F, %3F and %23'",
                "postgresql://ada:sec?ret=@db/d | ' with @, /, ? and # in user and password written %40, %2F, %3F and %23'",
                "postgresql://ada:sec#ret@db/d | ' with @, /, ? and # in user and password written %40, %2F, %3F and %23'",
                "postgresql://ada:100%secret@db/d | ' with every % written %25 or followed by two hexadecimal digits'",
                "postgresql://ada:secret%@db/d | ' with every % written %25 or followed by two hexadecimal digits'",
                "postgresql://ada:secret%ff@db/d | ' percent-encoded as UTF-8 and without NUL'",
                "postgresql://ada:secret%00@db/d | ' percent-encoded as UTF-8 and without NUL'",
            })
    void rejectsInvalidUrlWithoutShowingIt(String text, String expected) {
        assertThat(SettingsTestLoader.errorOf(Map.of(NAME, text)))
                .isEqualTo(NAME + ": expected postgresql://user:password@host:port/database" + expected
                        + ", got a value that is not shown")
                .doesNotContain("secret", "sec/", "ret@");
    }

    @Test
    void parsesLongPassword() {
        // given
        String password = "%41".repeat(50_000);

        // when
        DatabaseUrl url = SettingsTestLoader.load(Map.of(NAME, "postgresql://ada:" + password + "@db/d"))
                .database()
                .url();

        // then
        assertThat(url.password().value()).isEqualTo("A".repeat(50_000));
    }

    @ParameterizedTest
    @CsvSource({
        "db, 5432, darkroom, jdbc:postgresql://db:5432/darkroom",
        "::1, 5433, darkroom, jdbc:postgresql://[::1]:5433/darkroom",
        "db, 5432, my db/1?a=b, jdbc:postgresql://db:5432/my+db%2F1%3Fa%3Db",
    })
    void createsJdbcUrlWithoutCredentials(String host, int port, String database, String expected) {
        assertThat(new DatabaseUrl(host, port, database, "ada", new Secret("secret")).jdbcUrl())
                .isEqualTo(expected);
    }
}
