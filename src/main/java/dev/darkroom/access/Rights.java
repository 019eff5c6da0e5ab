package dev.darkroom.access;

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
public final class Rights {
    private final Doorkeeper doorkeeper;
    private final KeyRing keys;
    private final Tickets tickets;
    private final InstantSource clock;

    /** @param clock of the wall, for the ends of tokens, which are their issuer's */
    public Rights(Doorkeeper doorkeeper, KeyRing keys, Tickets tickets, InstantSource clock) {
        this.doorkeeper = doorkeeper;
        this.keys = keys;
        this.tickets = tickets;
        this.clock = clock;
    }

    /**
     * Of these those that are good no more because their time is over or their key was revoked. One statement at most.
     */
    public Future<Set<Credential>> ended(Collection<Credential> held) {
        Set<Credential> over =
                which(held, one -> one.ends() != null && !clock.instant().isBefore(one.ends()));
        Set<String> hashes = held.stream()
                .map(Credential::keyHash)
                .filter(hash -> hash != null)
                .collect(Collectors.toSet());
        return hashes.isEmpty()
                ? Future.succeededFuture(over)
                : keys.stillKeys(hashes).map(still -> {
                    over.addAll(which(held, one -> one.keyHash() != null && !still.contains(one.keyHash())));
                    return over;
                });
    }

    /** Of these tickets and tokens those that others have taken, or that would not be let in any more. Dearer. */
    public Future<Set<Credential>> lost(Collection<Credential> held) {
        Set<Credential> lost = new HashSet<>();
        List<Future<?>> asked = new ArrayList<>();
        Set<Credential> tickets = which(held, one -> one.ticketHash() != null);
        if (!tickets.isEmpty()) {
            asked.add(this.tickets
                    .keep(tickets)
                    .onSuccess(kept -> tickets.forEach(one -> {
                        if (!kept.contains(one.ticketHash())) {
                            lost.add(one);
                        }
                    })));
        }
        for (Credential one : which(held, each -> each.token() != null)) {
            asked.add(doorkeeper.admit("Bearer " + one.token()).onFailure(failure -> {
                if (failure instanceof Refused refused && refused.why() == Refused.Why.NOT_GOOD) {
                    lost.add(one);
                }
            }));
        }
        return Future.join(asked).transform(done -> Future.succeededFuture(lost));
    }

    private static Set<Credential> which(Collection<Credential> held, Predicate<Credential> is) {
        return held.stream().filter(is).collect(Collectors.toCollection(HashSet::new));
    }
}
