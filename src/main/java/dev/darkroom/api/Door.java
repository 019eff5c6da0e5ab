package dev.darkroom.api;

import dev.darkroom.access.Access;
import dev.darkroom.access.Allowance;
import dev.darkroom.access.Caller;
import dev.darkroom.access.Doorkeeper;
import dev.darkroom.access.PictureLinks;
import dev.darkroom.access.Refused;
import io.vertx.core.Future;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.openapi.contract.Operation;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Lets callers of one operation in, if the contract wants them known. */
final class Door {
    private static final Logger LOG = LoggerFactory.getLogger(Door.class);

    private static final List<String> LINK = List.of("expires", "key", "signature");

    private final Doorkeeper doorkeeper;

    /** Null where this operation knows none. */
    private final PictureLinks links;

    /** Null for no limit. */
    private final Allowance failures;

    /** Whether anybody may pass. */
    private final boolean open;

    Door(Operation operation, Access access) {
        this.doorkeeper = access.doorkeeper();
        this.failures = access.failures();
        this.links = operation.getParameters().stream()
                        .anyMatch(parameter -> parameter.getName().equals("signature"))
                ? access.links()
                : null;
        this.open = operation.getSecurityRequirements().isEmpty();
    }

    /** For what is no operation of the contract: everybody has to be known, and no link opens it. */
    Door(Access access) {
        this.doorkeeper = access.doorkeeper();
        this.failures = access.failures();
        this.links = null;
        this.open = false;
    }

    /**
     * Who asks, null where nobody need be known, or a signed link speaks for its bearer. At once when that is known; otherwise
     * the body of the request has to be kept from flowing until then.
     *
     * @return fails with a {@link Problem}
     */
    Future<Caller> admit(HttpServerRequest request) {
        if (open) {
            return Future.succeededFuture();
        }
        String credentials = request.getHeader(HttpHeaders.AUTHORIZATION);
        boolean linked = links != null && LINK.stream().anyMatch(name -> request.getParam(name) != null);
        if (failures != null && (linked || credentials != null)) {
            return limited(request, credentials, linked);
        }
        return judged(request, credentials, linked);
    }

    /** Whoever has failed too often is not looked at, whatever they present: guessing is to lead nowhere. */
    private Future<Caller> limited(HttpServerRequest request, String credentials, boolean linked) {
        String address = Address.of(request);
        Allowance.Answer answer = failures.ask(address);
        if (!answer.granted()) {
            return Future.failedFuture(Problem.tooManyRequests(
                    "Credentials from this address were wrong too often.", answer.secondsUntilOne()));
        }
        return judged(request, credentials, linked).onFailure(failure -> {
            if (failure instanceof Problem problem && problem.blamesCredentials()) {
                failures.take(address);
            }
        });
    }

    private Future<Caller> judged(HttpServerRequest request, String credentials, boolean linked) {
        if (linked) {
            // What is presented is checked, all of it.
            return linked(request)
                    .compose(good -> credentials == null
                            ? Future.succeededFuture()
                            : known(credentials).mapEmpty());
        }
        return known(credentials);
    }

    private Future<Caller> known(String credentials) {
        return doorkeeper.admit(credentials).recover(failure -> Future.failedFuture(problem(failure)));
    }

    private Future<Void> linked(HttpServerRequest request) {
        String path = request.path();
        String name = path.substring(path.lastIndexOf('/') + 1);
        return links.check(name, request.getParam("expires"), request.getParam("key"), request.getParam("signature"))
                .recover(error -> {
                    LOG.atWarn().addKeyValue("reason", error.getMessage()).log("could not check a picture link");
                    return Future.failedFuture(Problem.unavailable());
                })
                .compose(verdict -> switch (verdict) {
                    case GOOD -> Future.succeededFuture();
                    case EXPIRED ->
                        Future.failedFuture(
                                Problem.linkNotGood("This link has expired. Read the generation again for a new one."));
                    case NOT_OURS -> Future.failedFuture(Problem.linkNotGood("This link is not one of ours."));
                });
    }

    private static Throwable problem(Throwable failure) {
        if (!(failure instanceof Refused refused)) {
            return failure;
        }
        return switch (refused.why()) {
            case NOTHING_PRESENTED -> Problem.unauthorized(false, refused.getMessage());
            case NOT_GOOD -> Problem.unauthorized(true, refused.getMessage());
            // Who could not be asked is in the log already.
            case CANNOT_TELL -> Problem.unavailable();
        };
    }
}
