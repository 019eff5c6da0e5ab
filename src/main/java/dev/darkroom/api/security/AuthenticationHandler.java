package dev.darkroom.api.security;

import dev.darkroom.api.problem.Problem;
import dev.darkroom.auth.AuthServices;
import dev.darkroom.auth.AuthenticationException;
import dev.darkroom.auth.Authenticator;
import dev.darkroom.auth.ClientAddressKey;
import dev.darkroom.auth.Credential;
import dev.darkroom.auth.FailedLoginLimiter;
import dev.darkroom.auth.ImageUrlSigner;
import dev.darkroom.auth.Principal;
import dev.darkroom.auth.StreamTickets;
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
public final class AuthenticationHandler {
    private static final Logger LOG = LoggerFactory.getLogger(AuthenticationHandler.class);

    /** In the contract, at an operation whose callers may say afterwards who they are. */
    private static final String AUTHENTICATION_DEFERRED = "x-credentials-may-follow";

    static final String TICKET_PARAMETER = "ticket";

    private static final List<String> SIGNATURE_PARAMETERS = List.of("expires", "key", "signature");

    private final Authenticator authenticator;

    private static final String CREDENTIAL_KEY = Credential.class.getName();

    /** Null where this operation knows none. */
    private final ImageUrlSigner imageUrlSigner;

    /** Null where this operation takes none. */
    private final StreamTickets streamTickets;

    private final FailedLoginLimiter failedLoginLimiter;

    /** Whether nobody has to say who they are, as yet: a socket is told later. */
    private final boolean authenticationDeferred;

    /** Whether anybody may pass. */
    private final boolean isPublic;

    public AuthenticationHandler(Operation operation, AuthServices authServices) {
        this.authenticator = authServices.authenticator();
        this.failedLoginLimiter = authServices.failedLoginLimiter();
        this.imageUrlSigner = hasParameter(operation, "signature") ? authServices.imageUrlSigner() : null;
        this.streamTickets = hasParameter(operation, TICKET_PARAMETER) ? authServices.streamTickets() : null;
        this.isPublic = operation.getSecurityRequirements().isEmpty();
        this.authenticationDeferred = operation.getOpenAPIModel().getBoolean(AUTHENTICATION_DEFERRED, false);
    }

    private static boolean hasParameter(Operation operation, String name) {
        return operation.getParameters().stream()
                .anyMatch(parameter -> parameter.getName().equals(name));
    }

    /** What the caller was let in with; null where nothing had to be presented, and nothing was. */
    public static Credential credential(RoutingContext context) {
        Credential ticket = context.get(CREDENTIAL_KEY);
        return ticket == null
                ? Credential.fromAuthorizationHeader(context.request().getHeader(HttpHeaders.AUTHORIZATION))
                : ticket;
    }

    /**
     * Who asks, null where nobody need be known, or a signed link speaks for its bearer. At once when that is known; otherwise
     * the body of the request has to be kept from flowing until then.
     *
     * @return fails with a {@link Problem}
     */
    public Future<Principal> authenticate(RoutingContext context) {
        HttpServerRequest request = context.request();
        if (isPublic) {
            return Future.succeededFuture();
        }
        String credentials = request.getHeader(HttpHeaders.AUTHORIZATION);
        boolean linked = imageUrlSigner != null
                && SIGNATURE_PARAMETERS.stream().anyMatch(name -> request.getParam(name) != null);
        if (!linked) {
            return limitFailures(context, () -> authenticatePresented(context, credentials));
        }
        // A wrong link is no guess at a credential: a signature cannot be guessed, and pages of others show links of
        // ours. What is
        // presented beside it is checked too.
        return verifySignature(request)
                .compose(good -> credentials == null
                        ? Future.succeededFuture()
                        : limitFailures(context, () -> authenticateHeader(credentials))
                                .mapEmpty());
    }

    /** Wrong credentials are counted by address: after too many nothing that is presented from there is looked at. */
    private Future<Principal> limitFailures(RoutingContext context, Supplier<Future<Principal>> verification) {
        boolean presented = context.request().getHeader(HttpHeaders.AUTHORIZATION) != null
                || (streamTickets != null && context.request().getParam(TICKET_PARAMETER) != null);
        return presented
                ? failedLoginLimiter
                        .verify(
                                ClientAddressKey.of(context.request().remoteAddress()),
                                verification,
                                AuthenticationHandler::isInvalidCredential)
                        .recover(failure -> Future.failedFuture(toProblem(failure)))
                : verification.get();
    }

    private static boolean isInvalidCredential(Throwable failure) {
        return failure instanceof Problem problem && problem.isInvalidCredential();
    }

    private Future<Principal> authenticatePresented(RoutingContext context, String credentials) {
        return streamTickets != null && context.request().getParam(TICKET_PARAMETER) != null
                ? redeemTicket(context, credentials)
                : authenticateHeader(credentials);
    }

    private Future<Principal> redeemTicket(RoutingContext context, String credentials) {
        return streamTickets
                .redeem(context.request().getParam(TICKET_PARAMETER))
                .recover(failure -> Future.failedFuture(toProblem(failure)))
                .compose(redeemedTicket -> {
                    context.put(CREDENTIAL_KEY, redeemedTicket.credential());
                    // What is presented is checked, all of it.
                    return credentials == null
                            ? Future.succeededFuture(redeemedTicket.principal())
                            : authenticateHeader(credentials)
                                    .compose(principal -> principal
                                                    .user()
                                                    .equals(redeemedTicket
                                                            .principal()
                                                            .user())
                                            ? Future.succeededFuture(redeemedTicket.principal())
                                            : Future.failedFuture(
                                                    Problem.unauthorized(true, "The ticket is another user's.")));
                });
    }

    private Future<Principal> authenticateHeader(String credentials) {
        return authenticator
                .authenticate(credentials)
                .recover(failure -> authenticationDeferred && credentials == null
                        ? Future.succeededFuture()
                        : Future.failedFuture(toProblem(failure)));
    }

    private Future<Void> verifySignature(HttpServerRequest request) {
        String path = request.path();
        String name = path.substring(path.lastIndexOf('/') + 1);
        return imageUrlSigner
                .verify(name, request.getParam("expires"), request.getParam("key"), request.getParam("signature"))
                .recover(error -> {
                    LOG.atWarn().addKeyValue("reason", error.getMessage()).log("could not check a picture link");
                    return Future.failedFuture(Problem.unavailable());
                })
                .compose(signatureStatus -> switch (signatureStatus) {
                    case VALID -> Future.succeededFuture();
                    case EXPIRED ->
                        Future.failedFuture(
                                Problem.invalidLink("This link has expired. Read the generation again for a new one."));
                    case INVALID -> Future.failedFuture(Problem.invalidLink("This link is not one of ours."));
                });
    }

    /** What a refusal is to the caller. */
    public static Throwable toProblem(Throwable failure) {
        if (!(failure instanceof AuthenticationException authenticationException)) {
            return failure;
        }
        return switch (authenticationException.reason()) {
            case MISSING_CREDENTIALS -> Problem.unauthorized(false, authenticationException.getMessage());
            case INVALID_CREDENTIALS -> Problem.unauthorized(true, authenticationException.getMessage());
            // Who could not be asked is in the log already.
            case UNAVAILABLE -> Problem.unavailable();
            case TOO_MANY_FAILURES ->
                Problem.tooManyRequests(
                        authenticationException.getMessage(), authenticationException.retryAfterSeconds());
        };
    }
}
