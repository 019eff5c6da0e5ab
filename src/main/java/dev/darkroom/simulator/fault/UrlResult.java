package dev.darkroom.simulator.fault;

import java.util.List;

/**
 * Responds with URLs, independent of the requested format.
 *
 * @param downloadFaults the faults of the first downloads of each image
 */
record UrlResult(List<ScriptStep> downloadFaults) implements Fault {
    @Override
    public String description() {
        return "url result";
    }

    @Override
    public void apply(ImageResponses responses) {
        responses.imageUrls(downloadFaults).send(responses.writer());
    }
}
