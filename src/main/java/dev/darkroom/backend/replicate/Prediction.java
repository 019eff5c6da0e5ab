package dev.darkroom.backend.replicate;

import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.http.ImageSource;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;

/**
 * State of a prediction. Immutable.
 *
 * @param id null when the response has none that is valid
 * @param ended false while the prediction waits or runs
 * @param percent progress from 0 to 100, from the progress bar in the log of the model; null when there is none
 * @param usage what it used, by unit; empty until it has ended
 * @param images the requested number of images; empty unless the prediction succeeded
 * @param failure of an ended prediction; null for a success
 */
record Prediction(
        String id,
        boolean ended,
        Integer percent,
        Map<String, BigDecimal> usage,
        List<ImageSource> images,
        BackendFailure failure) {}
