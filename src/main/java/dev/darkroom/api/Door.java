package dev.darkroom.api;

import dev.darkroom.access.Access;
import dev.darkroom.access.Address;
import dev.darkroom.access.Caller;
import dev.darkroom.access.Credential;
import dev.darkroom.access.Doorkeeper;
import dev.darkroom.access.FailedLoginLimiter;
import dev.darkroom.access.PictureLinks;
import dev.darkroom.access.Refused;
import dev.darkroom.access.Tickets;
import io.vertx.core.Future;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import io.vertx.openapi.contract.Operation;
import java.util.List;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Lets callers of one operation in, if the contract wants them known. */
final class Door {
    private static final Logger LOG = LoggerFactory.getLogger(Door.class);

    /** In the contract, at an operation whose callers may say afterwards who they are. */
    private static final String SAID_LATER = "x-credentials-may-follow";

    static final String TICKET = "ticket";

    private static final List<String> LINK = List.of("expires", "key", "signature");

    private final Doorkeeper doorkeeper;

    private static final String CREDENTIAL = Credential.class.getName();

    /** Null where this operation knows none. */
    private final PictureLinks links;

    /** Null where this operation takes none. */
    private final Tickets tickets;

    private final FailedLoginLimiter failures;

    /** Whether nobody has to say who they are, as yet: a socket is told later. */
    private final boolean optional;

    /** Whether anybody may pass. */
    private final boolean open;

    Door(Operation operation, Access access) {
        this.doorkeeper = access.doorkeeper();
        this.failures = access.failures();
        this.links = takes(operation, "signature") ? access.links() : null;
        this.tickets = takes(operation, TICKET) ? access.tickets() : null;
        this.open = operation.getSecurityRequirements().isEmpty();
        this.optional = operation.getOpenAPIModel().getBoolean(SAID_LATER, false);
    }

    private static boolean takes(Operation operation, String name) {
        return operation.getParameters().stream()
                .anyMatch(parameter -> parameter.getName().equals(name));
    }

    /** What the caller was let in with; null where nothing had to be presented, and nothing was. */
    static Credential credential(RoutingContext context) {
        Credential ticket = context.get(CREDENTIAL);
        return ticket == null ? Credential.presented(context.request().getHeader(HttpHeaders.AUTHORIZATION)) : ticket;
    }

    /**
     * Who asks, null where nobody need be known, or a signed link speaks for its bearer. At once when that is known; otherwise
     * the body of the request has to be kept from flowing until then.
     *
     * @return fails with a {@link Problem}
     */
    Future<Caller> admit(RoutingContext context) {
        HttpServerRequest request = context.request();
        if (open) {
            return Future.succeededFuture();
        }
        String credentials = request.getHeader(HttpHeaders.AUTHORIZATION);
        boolean linked = links != null && LINK.stream().anyMatch(name -> request.getParam(name) != null);
        if (!linked) {
            return limited(context, () -> judged(context, credentials));
        }
        // A wrong link is no guess at a credential: a signature cannot be guessed, and pages of others show links of
        // ours. What is
        // presented beside it is checked too.
        return linked(request)
                .compose(good -> credentials == null
                        ? Future.succeededFuture()
                        : limited(context, () -> known(credentials)).mapEmpty());
    }

    /** Wrong credentials are counted by address: after too many nothing that is presented from there is looked at. */
    private Future<Caller> limited(RoutingContext context, Supplier<Future<Caller>> verification) {
        boolean presented = context.request().getHeader(HttpHeaders.AUTHORIZATION) != null
                || (tickets != null && context.request().getParam(TICKET) != null);
        return presented
                ? failures.limit(Address.of(context.request().remoteAddress()), verification, Door::blamesCredentials)
                        .recover(failure -> Future.failedFuture(problem(failure)))
                : verification.get();
    }

    private static boolean blamesCredentials(Throwable failure) {
        return failure instanceof Problem problem && problem.blamesCredentials();
    }

    private Future<Caller> judged(RoutingContext context, String credentials) {
        return tickets != null && context.request().getParam(TICKET) != null
                ? withTicket(context, credentials)
                : known(credentials);
    }

    private Future<Caller> withTicket(RoutingContext context, String credentials) {
        return tickets.redeem(context.request().getParam(TICKET))
                .recover(failure -> Future.failedFuture(problem(failure)))
                .compose(redeemed -> {
                    context.put(CREDENTIAL, redeemed.credential());
                    // What is presented is checked, all of it.
                    return credentials == null
                            ? Future.succeededFuture(redeemed.caller())
                            : known(credentials)
                                    .compose(caller -> caller.user()
                                                    .equals(redeemed.caller().user())
                                            ? Future.succeededFuture(redeemed.caller())
                                            : Future.failedFuture(
                                                    Problem.unauthorized(true, "The ticket is another user's.")));
                });
    }

    private Future<Caller> known(String credentials) {
        return doorkeeper
                .admit(credentials)
                .recover(failure -> optional && credentials == null
                        ? Future.succeededFuture()
                        : Future.failedFuture(problem(failure)));
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

    /** What a refusal is to the caller. */
    static Throwable problem(Throwable failure) {
        if (!(failure instanceof Refused refused)) {
            return failure;
        }
        return switch (refused.why()) {
            case NOTHING_PRESENTED -> Problem.unauthorized(false, refused.getMessage());
            case NOT_GOOD -> Problem.unauthorized(true, refused.getMessage());
            // Who could not be asked is in the log already.
            case CANNOT_TELL -> Problem.unavailable();
            case TOO_OFTEN -> Problem.tooManyRequests(refused.getMessage(), refused.secondsToWait());
        };
    }
}
