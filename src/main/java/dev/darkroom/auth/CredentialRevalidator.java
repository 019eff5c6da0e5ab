package dev.darkroom.auth;

import io.vertx.core.Future;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * Revalidates the credentials of open streams. A credential that cannot be checked because the database or the issuer is unavailable
 * stays valid: the stream shows its user only their own data. Thread-safe; nothing blocks.
 *
 * @param clock the wall clock, compared with the {@code exp} of tokens
 */
public record CredentialRevalidator(
        Authenticator authenticator, ApiKeyCache apiKeyCache, StreamTickets streamTickets, InstantSource clock) {

    /** Returns the credentials that have expired or that depend on a revoked API key. Cheap: executes one statement at most. */
    public Future<Set<Credential>> findExpiredOrRevoked(Collection<Credential> credentials) {
        Set<Credential> invalid = selectMatching(
                credentials,
                each -> each.expiresAt() != null && !clock.instant().isBefore(each.expiresAt()));
        Set<String> hashes = credentials.stream()
                .map(Credential::keyHash)
                .filter(hash -> hash != null)
                .collect(Collectors.toSet());
        return hashes.isEmpty()
                ? Future.succeededFuture(invalid)
                : apiKeyCache.findValid(hashes).map(valid -> {
                    invalid.addAll(selectMatching(
                            credentials, each -> each.keyHash() != null && !valid.contains(each.keyHash())));
                    return invalid;
                });
    }

    /**
     * Returns the tickets that another stream has redeemed and the tokens that are no longer accepted. Extends the other tickets.
     * Costs more than {@link #findExpiredOrRevoked}: verifies every token. Never fails.
     */
    public Future<Set<Credential>> findInvalidated(Collection<Credential> credentials) {
        Set<Credential> invalid = new HashSet<>();
        List<Future<?>> checks = new ArrayList<>();
        Set<Credential> tickets = selectMatching(credentials, each -> each.ticketHash() != null);
        if (!tickets.isEmpty()) {
            checks.add(streamTickets
                    .extend(tickets)
                    .onSuccess(extended -> tickets.forEach(ticket -> {
                        if (!extended.contains(ticket.ticketHash())) {
                            invalid.add(ticket);
                        }
                    })));
        }
        for (Credential token : selectMatching(credentials, each -> each.token() != null)) {
            checks.add(authenticator.authenticate("Bearer " + token.token()).onFailure(failure -> {
                if (AuthenticationException.isInvalidCredential(failure)) {
                    invalid.add(token);
                }
            }));
        }
        return Future.join(checks).transform(done -> Future.succeededFuture(invalid));
    }

    private static Set<Credential> selectMatching(Collection<Credential> credentials, Predicate<Credential> filter) {
        return credentials.stream().filter(filter).collect(Collectors.toCollection(HashSet::new));
    }
}
