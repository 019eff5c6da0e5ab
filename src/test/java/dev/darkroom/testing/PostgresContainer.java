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

/** A PostgreSQL in a container, with the settings of its image. */
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

    /** Starts one. {@link ContainerEngine} has made sure that there is an engine, and that it has the image. */
    static PostgresContainer start(String image) {
        int port = StoppablePostgres.reservePort();
        PostgreSQLContainer container = new PostgreSQLContainer(
                        DockerImageName.parse(image).asCompatibleSubstituteFor("postgres"))
                .withUsername(SUPERUSER)
                .withPassword(PASSWORD.value())
                .withDatabaseName(SUPERUSER);
        // The engine would choose another port with every start.
        container.setPortBindings(List.of(port + ":" + PostgreSQLContainer.POSTGRESQL_PORT));
        // As the image has it; Testcontainers would turn fsync off.
        container.setCommand("postgres");
        container.start();
        String host = container.getHost();
        DatabaseUrl superuser = new DatabaseUrl(host, port, SUPERUSER, SUPERUSER, PASSWORD);
        // An owner with the rights that operators give, and no superuser.
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
        // The first process of the container is the postmaster, and these are what pg_ctl would send it.
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
