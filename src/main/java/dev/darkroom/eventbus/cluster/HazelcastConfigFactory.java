package dev.darkroom.eventbus.cluster;

import com.hazelcast.config.Config;
import com.hazelcast.config.JavaSerializationFilterConfig;
import com.hazelcast.config.JoinConfig;
import com.hazelcast.config.NetworkConfig;
import dev.darkroom.config.Settings;

/** What Hazelcast is told. Nothing is left to files or to what it would find out by itself. */
final class HazelcastConfigFactory {
    /** A member that has been silent for this long is taken out. Hazelcast's own default is a minute. */
    private static final String MAX_NO_HEARTBEAT_SECONDS = "20";

    private HazelcastConfigFactory() {}

    static Config create(Settings.Cluster cluster) {
        Config config = new Config().setClusterName(cluster.name());
        config.setProperty("hazelcast.logging.type", "slf4j");
        config.setProperty("hazelcast.phone.home.enabled", "false");
        config.setProperty("hazelcast.health.monitoring.level", "OFF");
        // Otherwise it listens on every address there is, whatever it tells others.
        config.setProperty("hazelcast.socket.bind.any", "false");
        config.setProperty("hazelcast.local.localAddress", cluster.host());
        // Who is given a list need not wait for others who might start as well. A lookup goes on for as long as this.
        config.setProperty("hazelcast.wait.seconds.before.join", cluster.kubernetesService() == null ? "0" : "2");
        config.setProperty("hazelcast.max.join.seconds", "30");
        config.setProperty("hazelcast.heartbeat.interval.seconds", "2");
        config.setProperty("hazelcast.max.no.heartbeat.seconds", MAX_NO_HEARTBEAT_SECONDS);
        // Halves of a cluster that was cut look for each other.
        config.setProperty("hazelcast.merge.first.run.delay.seconds", "10");
        config.setProperty("hazelcast.merge.next.run.delay.seconds", "10");
        // What the cluster knows may be lost, so a stop does not wait until others have copied it.
        config.setProperty("hazelcast.graceful.shutdown.max.wait", "2");
        configureNetwork(config.getNetworkConfig(), cluster);
        config.getSerializationConfig().setJavaSerializationFilterConfig(serializationFilter());
        return config;
    }

    /**
     * What members may make us deserialize: what Hazelcast and its cluster manager send, and the classes of the JDK that these hold.
     * Anything else is refused before its code runs.
     */
    private static JavaSerializationFilterConfig serializationFilter() {
        JavaSerializationFilterConfig filter = new JavaSerializationFilterConfig().setDefaultsDisabled(true);
        filter.getWhitelist()
                .addPrefixes("com.hazelcast.", "io.vertx.spi.cluster.hazelcast.", "java.lang.", "java.util.", "[");
        return filter;
    }

    private static void configureNetwork(NetworkConfig network, Settings.Cluster cluster) {
        network.setPort(cluster.port()).setPortAutoIncrement(false);
        network.getRestApiConfig().setEnabled(false);
        network.getMemcacheProtocolConfig().setEnabled(false);
        JoinConfig join = network.getJoin();
        join.getAutoDetectionConfig().setEnabled(false);
        join.getMulticastConfig().setEnabled(false);
        if (cluster.kubernetesService() == null) {
            join.getTcpIpConfig().setEnabled(true).setMembers(cluster.members()).setConnectionTimeoutSeconds(3);
        } else {
            join.getKubernetesConfig()
                    .setEnabled(true)
                    .setProperty("service-dns", cluster.kubernetesService())
                    .setProperty("service-port", String.valueOf(cluster.port()));
        }
    }
}
