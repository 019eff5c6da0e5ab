package dev.darkroom.testing;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.command.WaitContainerResultCallback;
import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.Secret;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.testcontainers.postgresql.PostgreSQLContainer;
import org.testcontainers.utility.DockerImageName;

/** PostgreSQL in a container, with the default settings of the image. The methods block. */
public final class PostgresContainer implements StoppablePostgres {
    private static final String SUPERUSER = "postgres";
    private static final String NAME = "darkroom";
    private static final Secret PASSWORD = new Secret("in-a-container");

    private final PostgreSQLContainer container;
    private final DatabaseUrl url;

    private PostgresContainer(PostgreSQLContainer container, DatabaseUrl url) {
        this.container = container;
        this.url = url;
    }

    /** Starts a container. {@link ContainerEngine} has already checked the engine and pulled the image. */
    static PostgresContainer start(String image) {
        int port = StoppablePostgres.reservePort();
        PostgreSQLContainer container = new PostgreSQLContainer(
                        DockerImageName.parse(image).asCompatibleSubstituteFor("postgres"))
                .withUsername(SUPERUSER)
                .withPassword(PASSWORD.value())
                .withDatabaseName(SUPERUSER);
        // A fixed port, since the engine would assign another one at every start.
        container.setPortBindings(List.of(port + ":" + PostgreSQLContainer.POSTGRESQL_PORT));
        // Keeps fsync on, which Testcontainers would turn off.
        container.setCommand("postgres");
        container.start();
        String host = container.getHost();
        DatabaseUrl superuser = new DatabaseUrl(host, port, SUPERUSER, SUPERUSER, PASSWORD);
        // An owner without superuser rights, as in production.
        TestPostgres.execute(
                superuser,
                "CREATE ROLE " + NAME + " LOGIN CREATEDB PASSWORD '" + PASSWORD.value() + "'",
                "CREATE DATABASE " + NAME + " OWNER " + NAME);
        return new PostgresContainer(container, new DatabaseUrl(host, port, NAME, NAME, PASSWORD));
    }

    @Override
    public DatabaseUrl url() {
        return url;
    }

    @Override
    public void stop(Mode mode) {
        DockerClient engine = container.getDockerClient();
        // The postmaster is process 1 of the container. These are the signals that pg_ctl sends.
        engine.killContainerCmd(container.getContainerId())
                .withSignal(mode == Mode.FAST ? "INT" : "QUIT")
                .exec();
        engine.waitContainerCmd(container.getContainerId())
                .exec(new WaitContainerResultCallback())
                .awaitStatusCode(60, TimeUnit.SECONDS);
    }

    @Override
    public void restart() {
        container
                .getDockerClient()
                .startContainerCmd(container.getContainerId())
                .exec();
        Awaitility.await("PostgreSQL is back")
                .atMost(60, TimeUnit.SECONDS)
                .ignoreExceptions()
                .until(() -> TestPostgres.query(url, "SELECT 1"), Objects::nonNull);
    }

    @Override
    public void close() {
        container.stop();
    }
}
