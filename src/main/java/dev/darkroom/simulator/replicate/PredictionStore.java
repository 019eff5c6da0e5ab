package dev.darkroom.simulator.replicate;

import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;

/** The predictions of Replicate. Used on one event loop. */
final class PredictionStore {
    /** Maximum number of predictions. The oldest are removed first. */
    private static final int MAX_PREDICTIONS = 1000;

    private final Vertx vertx;
    private final Map<String, StoredPrediction> predictions = new LinkedHashMap<>();

    PredictionStore(Vertx vertx) {
        this.vertx = vertx;
    }

    /**
     * Adds a prediction and runs it.
     *
     * @param duration time until its end
     * @param end sets its result
     */
    void run(StoredPrediction prediction, Duration duration, Consumer<StoredPrediction> end) {
        predictions.put(prediction.id(), prediction);
        if (predictions.size() > MAX_PREDICTIONS) {
            predictions.remove(predictions.keySet().iterator().next());
        }
        vertx.setTimer(Math.max(1, duration.toMillis()), elapsed -> {
            if (!prediction.ended()) {
                end.accept(prediction);
            }
        });
    }

    /** Returns a prediction; null when the id is unknown. */
    StoredPrediction find(String id) {
        StoredPrediction prediction = predictions.get(id);
        if (prediction != null) {
            prediction.start();
        }
        return prediction;
    }
}
