package dev.darkroom.simulator.sdserver;

import dev.darkroom.simulator.fault.FaultScript;
import dev.darkroom.simulator.fault.HealthCheckHandler;
import dev.darkroom.simulator.fault.ImageResponses;
import dev.darkroom.simulator.fault.JobSubmissionHandler;
import dev.darkroom.simulator.http.SimulatorRequestException;
import dev.darkroom.simulator.http.SimulatorRequestLog;
import dev.darkroom.simulator.http.SimulatorResponseWriter;
import dev.darkroom.simulator.image.ImageParameters;
import dev.darkroom.simulator.image.PlaceholderImageRenderer;
import dev.darkroom.simulator.image.SimulatorImageRenderer;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Function;

/**
 * Routes of the native API of sd-server. Sources: {@code examples/server} of https://github.com/leejet/stable-diffusion.cpp, {@code
 * routes_sdcpp.cpp} (commit 11bff8dc) and {@code async_jobs.cpp} (05a313ff). The server works on one job at a time, and no look-up but
 * that of a job by its id exists.
 */
public final class SdServerSimulatorRoutes {
    private static final String JOB = "/sdcpp/v1/jobs/:id";
    private static final int MIN_SIDE = PlaceholderImageRenderer.MIN_SIDE;
    private static final int MAX_SIDE = PlaceholderImageRenderer.MAX_SIDE;
    private static final int MAX_COUNT = 8;
    private static final int DEFAULT_SIDE = 512;

    private SdServerSimulatorRoutes() {}

    /**
     * Adds the routes.
     *
     * @param latency the default duration of a job
     */
    public static void mount(
            Vertx vertx,
            Router router,
            FaultScript faultScript,
            SimulatorRequestLog requestLog,
            Duration latency,
            SimulatorImageRenderer imageRenderer) {
        SdServerJobQueue queue = new SdServerJobQueue(vertx);
        router.post("/sdcpp/v1/img_gen")
                .handler(new JobSubmissionHandler(
                        faultScript, requestLog, latency, new Submissions(queue, imageRenderer)));
        router.get(JOB).handler(context -> sendJob(context, queue));
        router.post(JOB + "/cancel").handler(context -> cancel(context, queue));
        router.get("/sdcpp/v1/capabilities")
                .handler(new HealthCheckHandler(
                        faultScript, latency, () -> createCapabilities().toBuffer()));
    }

    /** Submissions of jobs. */
    private record Submissions(SdServerJobQueue queue, SimulatorImageRenderer imageRenderer)
            implements JobSubmissionHandler.Protocol {
        @Override
        public Function<Duration, ImageResponses> parse(JobSubmissionHandler.Submission submission, JsonObject body) {
            if (!(body.getValue("prompt", "") instanceof String prompt)) {
                throw invalid();
            }
            long seed = parseNumber(body, "seed", -1, -1, Long.MAX_VALUE);
            ImageParameters image = new ImageParameters(
                    prompt,
                    seed < 0 ? ThreadLocalRandom.current().nextInt(Integer.MAX_VALUE) : seed,
                    (int) parseNumber(body, "width", DEFAULT_SIDE, MIN_SIDE, MAX_SIDE),
                    (int) parseNumber(body, "height", DEFAULT_SIDE, MIN_SIDE, MAX_SIDE));
            int count = (int) parseNumber(body, "batch_count", 1, 1, MAX_COUNT);
            return duration -> new SdServerSubmission(image, count, duration, queue, imageRenderer, submission);
        }

        private static long parseNumber(JsonObject body, String name, long defaultValue, long min, long max) {
            Object value = body.getValue(name);
            if (value == null) {
                return defaultValue;
            }
            if (!(value instanceof Integer || value instanceof Long)
                    || ((Number) value).longValue() < min
                    || ((Number) value).longValue() > max) {
                throw invalid();
            }
            return ((Number) value).longValue();
        }

        private static SimulatorRequestException invalid() {
            return new SimulatorRequestException("invalid generation parameters", null);
        }

        @Override
        public void reject(JobSubmissionHandler.Submission submission, SimulatorRequestException invalid) {
            submission.logEntry().setResponse("status 400");
            submission.writer().sendJson(400, new JsonObject().put("error", invalid.getMessage()));
        }
    }

    private static void sendJob(RoutingContext context, SdServerJobQueue queue) {
        SdServerSimulatorJob job = queue.find(context.pathParam("id"));
        if (job == null) {
            sendMissing(context, queue);
        } else {
            new SimulatorResponseWriter(context).sendJson(200, job.toJson(queue.position(job)));
        }
    }

    private static void sendMissing(RoutingContext context, SdServerJobQueue queue) {
        boolean expired = queue.expired(context.pathParam("id"));
        new SimulatorResponseWriter(context)
                .sendJson(
                        expired ? 410 : 404, new JsonObject().put("error", expired ? "job expired" : "job not found"));
    }

    private static void cancel(RoutingContext context, SdServerJobQueue queue) {
        SdServerSimulatorJob job = queue.find(context.pathParam("id"));
        if (job == null) {
            sendMissing(context, queue);
            return;
        }
        SimulatorResponseWriter writer = new SimulatorResponseWriter(context);
        if (job.generating()) {
            writer.sendJson(
                    409, new JsonObject().put("error", "job is currently generating and cannot be interrupted yet"));
            return;
        }
        if (!job.ended()) {
            queue.cancel(job);
        }
        writer.sendJson(200, job.toJson(0));
    }

    private static JsonObject createCapabilities() {
        return new JsonObject()
                .put(
                        "model",
                        new JsonObject()
                                .put("name", "simulator")
                                .put("stem", "simulator")
                                .put("path", "simulator"))
                .put("current_mode", "img_gen")
                .put("supported_modes", new JsonArray().add("img_gen"))
                .put(
                        "output_formats_by_mode",
                        new JsonObject()
                                .put(
                                        "img_gen",
                                        new JsonArray().add("png").add("jpeg").add("webp")))
                .put(
                        "features_by_mode",
                        new JsonObject()
                                .put(
                                        "img_gen",
                                        new JsonObject()
                                                .put("cancel_queued", true)
                                                .put("cancel_generating", false)))
                .put("samplers", new JsonArray().add("euler").add("euler_a"))
                .put("schedulers", new JsonArray().add("discrete").add("karras"))
                .put("loras", new JsonArray())
                .put("upscalers", new JsonArray())
                .put(
                        "limits",
                        new JsonObject()
                                .put("min_width", MIN_SIDE)
                                .put("max_width", MAX_SIDE)
                                .put("min_height", MIN_SIDE)
                                .put("max_height", MAX_SIDE)
                                .put("max_batch_count", MAX_COUNT)
                                .put("max_queue_size", SdServerJobQueue.MAX_PENDING));
    }
}
