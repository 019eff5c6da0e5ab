package dev.darkroom.simulator.fault;

import dev.darkroom.simulator.http.SimulatorResponse;
import dev.darkroom.simulator.http.SimulatorResponseWriter;
import java.util.List;

/** The responses to one valid submission, in the format of its protocol. Used on one event loop. */
public interface ImageResponses {

    /** Returns the writer of the response. */
    SimulatorResponseWriter writer();

    /** Returns the number of requested images, at least 1. */
    int requestedCount();

    /** Creates a response with the first {@code count} images. 0 means a success without an image. */
    SimulatorResponse images(int count);

    /** Creates a response with bytes that are no image, for each requested image. */
    SimulatorResponse invalidImages();

    /** Creates a response with {@code url} for each requested image. */
    SimulatorResponse fixedUrl(String url);

    /**
     * Creates a response with a URL of the simulator for each requested image.
     *
     * @param downloadFaults the faults of the first downloads of each image
     */
    SimulatorResponse imageUrls(List<ScriptStep> downloadFaults);
}
