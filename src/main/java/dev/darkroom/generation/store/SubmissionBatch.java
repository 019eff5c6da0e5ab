package dev.darkroom.generation.store;

import dev.darkroom.config.Settings;
import dev.darkroom.generation.GenerationRequest;
import dev.darkroom.generation.ImmediateStart;
import dev.darkroom.generation.RequestWebhook;
import dev.darkroom.generation.route.RouteOffer;
import dev.darkroom.generation.route.RouteOffer.Slot;
import dev.darkroom.generation.store.SubmissionStore.Submission;
import dev.darkroom.generation.waiting.WaitingRequest;
import dev.darkroom.telemetry.TraceContext;
import io.vertx.core.json.Json;
import io.vertx.sqlclient.Tuple;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.IntFunction;

/** Submissions that share a statement, as parameters of {@link SubmissionSql#SUBMIT} and {@link SubmissionSql#SUBMIT_PLAIN}. */
final class SubmissionBatch {
    private SubmissionBatch() {}

    /**
     * Returns the limits and the permission, then one array per column.
     *
     * @param permission null when no generation may be leased
     */
    static Tuple toParameters(
            List<Submission> batch, boolean plain, Settings.Generation limits, ImmediateStart.Permission permission) {
        RouteOffer offer = permission == null ? RouteOffer.NONE : permission.offer();
        Tuple parameters = Tuple.of(
                        RouteOfferParameters.slots(offer, Slot::route),
                        limits.deadline().toMillis(),
                        limits.maxPendingPerUser(),
                        limits.maxPerDayPerUser())
                .addUUID(permission == null ? null : permission.reservation().nodeId())
                .addValue(RouteOfferParameters.slots(offer, Slot::backend))
                .addValue(RouteOfferParameters.slots(
                        offer, slot -> slot.selection().name()))
                .addValue(offer.slots().stream()
                        .map(slot -> permission.timeoutOf(slot.backend()).toMillis())
                        .toArray(Long[]::new))
                .addValue(column(batch, UUID[]::new, Submission::id))
                .addValue(column(batch, String[]::new, Submission::userId))
                .addValue(requestColumn(batch, String[]::new, GenerationRequest::prompt))
                .addValue(requestColumn(batch, String[]::new, GenerationRequest::negativePrompt))
                .addValue(requestColumn(batch, Integer[]::new, GenerationRequest::width))
                .addValue(requestColumn(batch, Integer[]::new, GenerationRequest::height))
                .addValue(requestColumn(batch, Integer[]::new, GenerationRequest::count))
                .addValue(requestColumn(batch, Long[]::new, GenerationRequest::seed))
                .addValue(requestColumn(batch, String[]::new, GenerationRequest::model))
                .addValue(requestColumn(batch, String[]::new, SubmissionBatch::encodeMetadata))
                .addValue(requestColumn(batch, String[]::new, SubmissionBatch::encodeParameters))
                .addValue(requestColumn(batch, Integer[]::new, GenerationRequest::priority))
                .addValue(column(batch, String[]::new, Submission::route))
                .addValue(requestColumn(batch, String[]::new, request -> InputImageColumn.encode(request.inputs())))
                .addValue(traceColumn(batch, TraceContext::traceparent))
                .addValue(traceColumn(batch, TraceContext::tracestate));
        return plain
                ? parameters
                : parameters
                        .addValue(column(batch, UUID[]::new, Submission::retryOf))
                        .addValue(column(
                                batch,
                                String[]::new,
                                each -> each.key() == null ? null : each.key().key()))
                        .addValue(column(
                                batch,
                                String[]::new,
                                each -> each.key() == null ? null : each.key().fingerprint()))
                        .addValue(column(batch, String[]::new, ifPresent(RequestWebhook::url)))
                        .addValue(column(batch, String[]::new, ifPresent(RequestWebhook::format)))
                        .addValue(column(batch, UUID[]::new, ifWaiting(WaitingRequest::connectionId)))
                        .addValue(column(batch, UUID[]::new, ifWaiting(WaitingRequest::processId)))
                        .addValue(column(batch, Integer[]::new, ifWaiting(WaitingRequest::retryCount)))
                        .addValue(column(
                                batch,
                                String[]::new,
                                each -> each.waitingRequest() == null
                                        ? null
                                        : each.waitingRequest().callerDigest(each.userId())));
    }

    private static Function<Submission, String> ifPresent(Function<RequestWebhook, String> value) {
        return each -> each.webhook() == null ? null : value.apply(each.webhook());
    }

    /** Without a stream, because the column is empty without tracing. */
    private static String[] traceColumn(List<Submission> batch, Function<TraceContext, String> value) {
        String[] column = new String[batch.size()];
        for (int i = 0; i < column.length; i++) {
            TraceContext trace = batch.get(i).trace();
            column[i] = trace == null ? null : value.apply(trace);
        }
        return column;
    }

    private static <T> Function<Submission, T> ifWaiting(Function<WaitingRequest, T> value) {
        return each -> each.waitingRequest() == null ? null : value.apply(each.waitingRequest());
    }

    private static String encodeMetadata(GenerationRequest request) {
        return request.metadata() == null ? null : Json.encode(request.metadata());
    }

    private static String encodeParameters(GenerationRequest request) {
        return request.parameters() == null ? null : request.parameters().encode();
    }

    private static <T> T[] requestColumn(
            List<Submission> batch, IntFunction<T[]> newArray, Function<GenerationRequest, T> value) {
        return column(batch, newArray, each -> value.apply(each.request()));
    }

    private static <T> T[] column(List<Submission> batch, IntFunction<T[]> newArray, Function<Submission, T> value) {
        return batch.stream().map(value).toArray(newArray);
    }
}
