package dev.darkroom.eventbus.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.hazelcast.config.Config;
import com.hazelcast.core.Hazelcast;
import com.hazelcast.core.HazelcastInstance;
import dev.darkroom.config.Settings;
import dev.darkroom.config.TestSettings;
import dev.darkroom.testing.FreePort;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.Serializable;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A Darkroom member and another program in the same cluster. */
@Timeout(240)
class HazelcastConfigFactoryTest {
    private static final AtomicInteger DESERIALIZED = new AtomicInteger();

    /** Runs code while it is deserialized, as gadgets do. */
    private static final class Gadget implements Callable<String>, Serializable {
        private static final long serialVersionUID = 1L;

        private void readObject(ObjectInputStream in) throws IOException, ClassNotFoundException {
            in.defaultReadObject();
            DESERIALIZED.incrementAndGet();
        }

        @Override
        public String call() {
            return "ran";
        }
    }

    private static Settings.Cluster settings(int port, List<String> members) {
        return TestSettings.with(
                TestSettings.DEFAULTS.cluster(), "enabled", true, "port", port, "busPort", 0, "members", members);
    }

    @Test
    void rejectsObjectsOfOtherPrograms() {
        int port = FreePort.find();
        HazelcastInstance darkroom =
                Hazelcast.newHazelcastInstance(HazelcastConfigFactory.create(settings(port, List.of())));
        Config foreignConfig = HazelcastConfigFactory.create(settings(FreePort.find(), List.of("127.0.0.1:" + port)));
        foreignConfig.getSerializationConfig().setJavaSerializationFilterConfig(null);
        HazelcastInstance foreign = Hazelcast.newHazelcastInstance(foreignConfig);
        try {
            assertThat(foreign.getCluster().getMembers()).hasSize(2);

            assertThatThrownBy(() -> foreign.getExecutorService("any")
                            .submitToMember(new Gadget(), darkroom.getCluster().getLocalMember())
                            .get(60, TimeUnit.SECONDS))
                    .hasStackTraceContaining("Gadget");
            assertThat(DESERIALIZED).hasValue(0);
        } finally {
            foreign.shutdown();
            darkroom.shutdown();
        }
    }
}
