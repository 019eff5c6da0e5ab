package dev.darkroom.server;

import dev.darkroom.backend.input.InputImageReader;
import dev.darkroom.config.InboundSettings;
import dev.darkroom.http.egress.DnsHostResolver;
import dev.darkroom.http.egress.EgressPolicy;
import dev.darkroom.upload.UploadCommandVerticle;
import dev.darkroom.upload.UploadStore;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Wiring of uploads and of the input images of generations. */
final class UploadModule {
    private static final Logger LOG = LoggerFactory.getLogger(UploadModule.class);

    private final ServerResources resources;
    private final EgressPolicy egressPolicy;
    private final UploadStore store;

    UploadModule(ServerResources resources) {
        InboundSettings.InputImages inputImages = resources.settings().inputImages();
        this.resources = resources;
        this.egressPolicy = new EgressPolicy(
                new EgressPolicy.Rules(inputImages.allowedNetworks(), inputImages.allowHttp(), List.of()),
                new DnsHostResolver(resources.vertx(), false));
        this.store = new UploadStore(resources.database(), inputImages);
        if (!inputImages.allowedNetworks().isEmpty() || inputImages.allowHttp()) {
            LOG.atWarn()
                    .addKeyValue("networks", String.join(",", inputImages.allowedNetworks()))
                    .addKeyValue("http", inputImages.allowHttp())
                    .log("input image egress restrictions relaxed");
        }
    }

    /** Finds the uploads that requests name. */
    UploadStore store() {
        return store;
    }

    /** Checks the URLs of input images. */
    EgressPolicy egressPolicy() {
        return egressPolicy;
    }

    /** Deploys the verticles that execute the commands on uploads of the API of this process. */
    void deployCommands() throws Exception {
        resources
                .processLifecycle()
                .deploy(
                        resources.vertx(),
                        "upload",
                        resources.settings().api().instances(),
                        () -> new UploadCommandVerticle(store, resources.images()));
    }

    /** Creates the loader of the input images of attempts. */
    InputImageReader createReader() {
        InputImageReader reader = new InputImageReader(
                resources.vertx(),
                resources.images(),
                egressPolicy,
                resources.settings().inputImages(),
                resources.settings().outbound().maxHeaderBytes());
        resources.processLifecycle().addStopStep("input image client", reader::close);
        return reader;
    }
}
