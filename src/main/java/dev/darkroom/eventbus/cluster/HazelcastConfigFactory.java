package dev.darkroom.eventbus.cluster;

import com.hazelcast.config.Config;
import com.hazelcast.config.JavaSerializationFilterConfig;
import com.hazelcast.config.JoinConfig;
import com.hazelcast.config.NetworkConfig;
import dev.darkroom.config.Settings;

/** Creates the configuration of a Hazelcast member. Uses no configuration files and no auto-detection. */
final class HazelcastConfigFactory {
    /** Time without a heartbeat after which a member is removed. The default of Hazelcast is 60 s. */
    private static final String MAX_NO_HEARTBEAT_SECONDS = "20";

    private HazelcastConfigFactory() {}

    static Config create(Settings.Cluster cluster) {
        Config config = new Config().setClusterName(cluster.name());
        config.setProperty("hazelcast.logging.type", "slf4j");
        config.setProperty("hazelcast.phone.home.enabled", "false");
        config.setProperty("hazelcast.health.monitoring.level", "OFF");
        // Listens on the configured host only. By default, Hazelcast listens on all addresses.
        config.setProperty("hazelcast.socket.bind.any", "false");
        config.setProperty("hazelcast.local.localAddress", cluster.host());
        // With a list of members there is nothing to wait for. A DNS lookup takes up to this time.
        config.setProperty("hazelcast.wait.seconds.before.join", cluster.kubernetesService() == null ? "0" : "2");
        config.setProperty("hazelcast.max.join.seconds", "30");
        config.setProperty("hazelcast.heartbeat.interval.seconds", "2");
        config.setProperty("hazelcast.max.no.heartbeat.seconds", MAX_NO_HEARTBEAT_SECONDS);
        // After a network partition, the halves of the cluster look for each other every 10 s.
        config.setProperty("hazelcast.merge.first.run.delay.seconds", "10");
        config.setProperty("hazelcast.merge.next.run.delay.seconds", "10");
        // The cluster data may be lost, so a stop does not wait for its replication.
        config.setProperty("hazelcast.graceful.shutdown.max.wait", "2");
        configureNetwork(config.getNetworkConfig(), cluster);
        config.getSerializationConfig().setJavaSerializationFilterConfig(serializationFilter());
        return config;
    }

    /**
     * Allows the deserialization of classes that Hazelcast and its cluster manager send, and of the JDK classes in them. Rejects all
     * other classes before their code runs.
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
