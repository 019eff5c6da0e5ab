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
 * Looks again at what those were let in with who have stayed. What cannot be looked at now, since the database or an issuer is away, is
 * believed: a stream tells nothing that its user did not come for. Thread-safe; nothing blocks.
 */
public final class CredentialRevalidator {
    private final Authenticator authenticator;
    private final ApiKeyCache apiKeyCache;
    private final StreamTickets streamTickets;
    private final InstantSource clock;

    /** @param clock of the wall, for the ends of tokens, which are their issuer's */
    public CredentialRevalidator(
            Authenticator authenticator, ApiKeyCache keys, StreamTickets streamTickets, InstantSource clock) {
        this.authenticator = authenticator;
        this.apiKeyCache = keys;
        this.streamTickets = streamTickets;
        this.clock = clock;
    }

    /**
     * Of these those that are good no more because their time is over or their key was revoked. One statement at most.
     */
    public Future<Set<Credential>> findExpiredOrRevoked(Collection<Credential> held) {
        Set<Credential> over = selectMatching(
                held, one -> one.expiresAt() != null && !clock.instant().isBefore(one.expiresAt()));
        Set<String> hashes = held.stream()
                .map(Credential::keyHash)
                .filter(hash -> hash != null)
                .collect(Collectors.toSet());
        return hashes.isEmpty()
                ? Future.succeededFuture(over)
                : apiKeyCache.findValid(hashes).map(still -> {
                    over.addAll(selectMatching(held, one -> one.keyHash() != null && !still.contains(one.keyHash())));
                    return over;
                });
    }

    /** Of these tickets and tokens those that others have taken, or that would not be let in any more. Dearer. */
    public Future<Set<Credential>> findInvalidated(Collection<Credential> held) {
        Set<Credential> lost = new HashSet<>();
        List<Future<?>> asked = new ArrayList<>();
        Set<Credential> tickets = selectMatching(held, one -> one.ticketHash() != null);
        if (!tickets.isEmpty()) {
            asked.add(this.streamTickets
                    .extend(tickets)
                    .onSuccess(kept -> tickets.forEach(one -> {
                        if (!kept.contains(one.ticketHash())) {
                            lost.add(one);
                        }
                    })));
        }
        for (Credential one : selectMatching(held, each -> each.token() != null)) {
            asked.add(authenticator.authenticate("Bearer " + one.token()).onFailure(failure -> {
                if (failure instanceof AuthenticationException authenticationException
                        && authenticationException.reason() == AuthenticationException.Reason.INVALID_CREDENTIALS) {
                    lost.add(one);
                }
            }));
        }
        return Future.join(asked).transform(done -> Future.succeededFuture(lost));
    }

    private static Set<Credential> selectMatching(Collection<Credential> held, Predicate<Credential> is) {
        return held.stream().filter(is).collect(Collectors.toCollection(HashSet::new));
    }
}
