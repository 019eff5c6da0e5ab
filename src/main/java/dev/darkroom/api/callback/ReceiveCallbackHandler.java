package dev.darkroom.api.callback;

import dev.darkroom.api.contract.OperationContext;
import dev.darkroom.api.contract.OperationHandler;
import dev.darkroom.api.problem.Problem;
import dev.darkroom.auth.CallbackTokens;
import dev.darkroom.backend.callback.CallbackReceipt;
import dev.darkroom.backend.callback.CallbackReceiver;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stores a report about a job. The token in the path, already verified, is the credential and names the job.
 *
 * @param maxDataUrlBytes maximum total size of inline images
 */
public record ReceiveCallbackHandler(CallbackReceiver callbackReceiver, int maxDataUrlBytes)
        implements OperationHandler {
    private static final Logger LOG = LoggerFactory.getLogger(ReceiveCallbackHandler.class);

    @Override
    public String operationId() {
        return "receiveCallback";
    }

    @Override
    public void handle(OperationContext operationContext) {
        Future.succeededFuture()
                .compose(checked -> receive(operationContext))
                .onComplete(done -> operationContext.receivedBody().release().run())
                .onSuccess(receipt -> respond(operationContext, receipt))
                .onFailure(operationContext::fail);
    }

    private Future<CallbackReceipt> receive(OperationContext operationContext) {
        String token = operationContext.parameter("callbackToken");
        UUID jobKey = CallbackTokens.jobKey(token);
        long expiry = CallbackTokens.expiry(token);
        JsonObject report = operationContext.body();
        if (!jobKey.toString().equals(report.getString("id", jobKey.toString()))) {
            throw Problem.invalidCallbackToken("The token belongs to another job than the id.");
        }
        Future<CallbackReceipt> stored = switch (report.getString("status")) {
            case "progress" -> {
                requireField(report, "percent");
                yield callbackReceiver.receiveProgress(jobKey, expiry, report.getInteger("percent"));
            }
            case "succeeded" -> {
                requireField(report, "images");
                yield receiveResult(operationContext, jobKey, expiry);
            }
            default -> {
                requireField(report, "error");
                yield receiveResult(operationContext, jobKey, expiry);
            }
        };
        return stored.recover(error -> {
            LOG.atWarn()
                    .addKeyValue("requestId", operationContext.requestId())
                    .addKeyValue("job", jobKey)
                    .addKeyValue("reason", error.getMessage())
                    .log("callback not stored");
            return Future.failedFuture(Problem.unavailable());
        });
    }

    private Future<CallbackReceipt> receiveResult(OperationContext operationContext, UUID jobKey, long expiry) {
        return callbackReceiver.receiveResult(
                jobKey, expiry, operationContext.receivedBody().bytes());
    }

    private static void requireField(JsonObject report, String name) {
        if (!report.containsKey(name)) {
            throw Problem.invalid("#/" + name, "is required for the status " + report.getString("status"));
        }
    }

    private static void respond(OperationContext operationContext, CallbackReceipt receipt) {
        switch (receipt) {
            case ACCEPTED -> operationContext.response().setStatusCode(204).end();
            case DIFFERENT_RESULT ->
                operationContext.fail(Problem.conflict("Another result of this job was reported first."));
            case CLOSED -> operationContext.fail(Problem.gone("This job does not wait for a report any more."));
        }
    }
}
