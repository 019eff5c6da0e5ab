package dev.darkroom.api.security;

import dev.darkroom.api.problem.Problem;
import dev.darkroom.auth.AuthServices;
import dev.darkroom.auth.AuthenticationException;
import dev.darkroom.auth.Authenticator;
import dev.darkroom.auth.CallbackTokens;
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

/** Authenticates the requests of one operation, as its security requirements in the contract say. For event loops. */
public final class AuthenticationHandler {
    private static final Logger LOG = LoggerFactory.getLogger(AuthenticationHandler.class);

    /** Contract extension of an operation that accepts credentials after the request. */
    private static final String AUTHENTICATION_DEFERRED = "x-authenticates-in-band";

    static final String TICKET_PARAMETER = "ticket";

    private static final String CALLBACK_TOKEN_PARAMETER = "callbackToken";

    private static final List<String> SIGNATURE_PARAMETERS = List.of("expires", "key", "signature");

    private static final String CREDENTIAL_KEY = Credential.class.getName();

    private final Authenticator authenticator;

    /** Null when the operation accepts no signed URLs. */
    private final ImageUrlSigner imageUrlSigner;

    /** Null when the operation receives no callbacks. */
    private final CallbackTokens callbackTokens;

    /** Null when the operation accepts no tickets. */
    private final StreamTickets streamTickets;

    private final FailedLoginLimiter failedLoginLimiter;

    /** Whether a request without credentials passes, because the client authenticates in its first WebSocket message. */
    private final boolean authenticationDeferred;

    /** Whether the operation needs no authentication. */
    private final boolean isPublic;

    public AuthenticationHandler(Operation operation, AuthServices authServices) {
        this.authenticator = authServices.authenticator();
        this.failedLoginLimiter = authServices.failedLoginLimiter();
        this.imageUrlSigner = hasParameter(operation, "signature") ? authServices.imageUrlSigner() : null;
        this.callbackTokens = hasParameter(operation, CALLBACK_TOKEN_PARAMETER) ? authServices.callbackTokens() : null;
        this.streamTickets = hasParameter(operation, TICKET_PARAMETER) ? authServices.streamTickets() : null;
        this.isPublic = operation.getSecurityRequirements().isEmpty();
        this.authenticationDeferred = operation.getOpenAPIModel().getBoolean(AUTHENTICATION_DEFERRED, false);
    }

    private static boolean hasParameter(Operation operation, String name) {
        return operation.getParameters().stream()
                .anyMatch(parameter -> parameter.getName().equals(name));
    }

    /** Returns the credential of the request, a redeemed ticket first; null when the request has none. */
    public static Credential credential(RoutingContext context) {
        Credential ticket = context.get(CREDENTIAL_KEY);
        return ticket == null
                ? Credential.fromAuthorizationHeader(context.request().getHeader(HttpHeaders.AUTHORIZATION))
                : ticket;
    }

    /**
     * Authenticates a request. The future is complete on return unless a lookup is needed. The caller must pause the request until the
     * future completes.
     *
     * @return the principal; null for a public operation, a valid signed URL or token, or deferred authentication. Fails with a {@link Problem}
     */
    public Future<Principal> authenticate(RoutingContext context) {
        HttpServerRequest request = context.request();
        if (callbackTokens != null) {
            return verifyCallbackToken(context.pathParam(CALLBACK_TOKEN_PARAMETER));
        }
        if (isPublic) {
            return Future.succeededFuture();
        }
        String credentials = request.getHeader(HttpHeaders.AUTHORIZATION);
        boolean hasSignature = imageUrlSigner != null
                && SIGNATURE_PARAMETERS.stream().anyMatch(name -> request.getParam(name) != null);
        if (!hasSignature) {
            return limitFailures(context, () -> authenticatePresented(context, credentials));
        }
        // An invalid signature is not counted as a failed login: signatures cannot be guessed, and other sites embed
        // expired URLs. Credentials beside the signature are verified too.
        return verifySignature(request)
                .compose(verified -> credentials == null
                        ? Future.succeededFuture()
                        : limitFailures(context, () -> authenticateHeader(credentials))
                                .mapEmpty());
    }

    /** Counts invalid credentials by address. Rejects credentials without verification when the address exceeded its failure limit. */
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
                    // Credentials beside the ticket are verified too, and must belong to the same user.
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
                                                    Problem.unauthorized(true, "The ticket belongs to another user.")));
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
                    LOG.atWarn().addKeyValue("reason", error.getMessage()).log("image URL verification failed");
                    return Future.failedFuture(Problem.unavailable());
                })
                .compose(signatureStatus -> switch (signatureStatus) {
                    case VALID -> Future.succeededFuture();
                    case EXPIRED ->
                        Future.failedFuture(Problem.invalidImageUrl(
                                "This URL has expired. Read the generation again for a new one."));
                    case INVALID ->
                        Future.failedFuture(Problem.invalidImageUrl("The signature of this URL is not valid."));
                });
    }

    private Future<Principal> verifyCallbackToken(String token) {
        return callbackTokens
                .verify(token)
                .recover(error -> {
                    LOG.atWarn().addKeyValue("reason", error.getMessage()).log("callback token verification failed");
                    return Future.failedFuture(Problem.unavailable());
                })
                .compose(tokenStatus -> switch (tokenStatus) {
                    case VALID -> Future.succeededFuture();
                    case EXPIRED -> Future.failedFuture(Problem.gone("The deadline of this job has passed."));
                    case INVALID ->
                        Future.failedFuture(Problem.invalidCallbackToken("The token of this URL is not valid."));
                });
    }

    /** Converts an authentication failure to a {@link Problem}; returns other failures unchanged. */
    public static Throwable toProblem(Throwable failure) {
        if (!(failure instanceof AuthenticationException authenticationException)) {
            return failure;
        }
        return switch (authenticationException.reason()) {
            case MISSING_CREDENTIALS -> Problem.unauthorized(false, authenticationException.getMessage());
            case INVALID_CREDENTIALS -> Problem.unauthorized(true, authenticationException.getMessage());
            // The authenticator has logged the cause.
            case UNAVAILABLE -> Problem.unavailable();
            case TOO_MANY_FAILURES ->
                Problem.tooManyRequests(
                        authenticationException.getMessage(), authenticationException.retryAfterSeconds());
        };
    }
}
