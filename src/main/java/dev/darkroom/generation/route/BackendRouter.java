package dev.darkroom.generation.route;

import dev.darkroom.backend.BackendCapabilities;
import dev.darkroom.backend.ImageRequest;
import dev.darkroom.backend.executor.BackendExecutor;
import dev.darkroom.config.BackendSettings;
import dev.darkroom.config.ModelSettings;
import dev.darkroom.config.ModelSettings.Target;
import dev.darkroom.generation.route.RouteOffer.BackendState;
import dev.darkroom.generation.route.RouteOffer.Slot;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Chooses the AI servers of generations. A model with weights uses all of its AI servers that accept calls. A model with an order uses
 * the first one that accepts calls, and waits when that one is busy. An AI server accepts no calls while its circuit breaker is open,
 * while a rate limit pauses it, and while it is drained. Thread-safe.
 */
public final class BackendRouter {
    private final Map<String, ModelSettings> models;
    private final ModelCatalog catalog;
    private final Map<String, BackendExecutor> executors = new LinkedHashMap<>();
    // Guarded by this.
    private final Map<String, RouteShares> shares = new HashMap<>();

    /** @param executors of all backends of the catalog */
    public BackendRouter(ModelCatalog catalog, List<BackendExecutor> executors) {
        this.catalog = catalog;
        this.models = catalog.models().stream().collect(Collectors.toMap(ModelSettings::route, Function.identity()));
        executors.forEach(executor -> this.executors.put(executor.name(), executor));
        catalog.models().stream()
                .filter(ModelSettings::weighted)
                .forEach(model -> shares.put(model.route(), new RouteShares(model)));
    }

    /** Returns the executor of a backend; empty when this process does not know the backend. */
    public Optional<BackendExecutor> executor(String backend) {
        return Optional.ofNullable(executors.get(backend));
    }

    /** Returns the executors of all backends. */
    public List<BackendExecutor> executors() {
        return List.copyOf(executors.values());
    }

    /** Returns how many calls may start now, over all backends. */
    public int availablePermits() {
        return executors.values().stream()
                .mapToInt(BackendExecutor::availablePermits)
                .sum();
    }

    /** Returns the current limit of concurrent calls, over all backends. */
    public int concurrency() {
        return executors.values().stream()
                .mapToInt(BackendExecutor::concurrency)
                .sum();
    }

    /** Returns the name of a model at a backend; null when the AI server chooses. */
    public String modelAt(String route, String backend) {
        return findTarget(route, backend).map(Target::model).orElse(null);
    }

    private Optional<Target> findTarget(String route, String backend) {
        return targets(route).stream()
                .filter(target -> target.backend().equals(backend))
                .findFirst();
    }

    /** Returns the backends of a route, in the order of its model; empty when this process does not know the route. */
    public List<Target> targets(String route) {
        ModelSettings model = models.get(route);
        return model == null ? List.of() : model.targets();
    }

    /** Returns the expected cost of a request, see {@link ModelCatalog#expectedCost}; empty at an unknown backend. */
    public OptionalLong expectedCost(String route, String backend, ImageRequest request) {
        return findTarget(route, backend)
                .map(target -> catalog.expectedCost(target, request))
                .orElse(OptionalLong.empty());
    }

    /** Returns whether a request needs no budget at a backend of a route, see {@link ModelCatalog#isFreeOfCharge}. */
    public boolean isFreeOfCharge(String route, String backend, ImageRequest request) {
        return findTarget(route, backend)
                .map(target -> catalog.isFreeOfCharge(target, request))
                .orElse(true);
    }

    /** Returns whether another backend of a route can start a call now. */
    public boolean hasFreeAlternative(String route, String backend) {
        ModelSettings model = models.get(route);
        return model != null
                && accepting(model).stream()
                        .anyMatch(other -> !other.name().equals(backend) && other.availablePermits() > 0);
    }

    /** Returns whether another backend of a route accepts calls, now or when others have ended. */
    public boolean hasAlternative(String route, String backend) {
        ModelSettings model = models.get(route);
        return model != null
                && accepting(model).stream().anyMatch(other -> !other.name().equals(backend));
    }

    /** Returns whether a backend accepts the parameters of a request, which may have none. */
    public boolean acceptsParameters(String backend, ImageRequest request) {
        return catalog.backend(backend).acceptsParameters(request.parameters());
    }

    /** Returns the settings of a backend; empty when this process does not know the backend. */
    public Optional<BackendSettings> settings(String backend) {
        return Optional.ofNullable(catalog.backend(backend)).map(BackendCapabilities::settings);
    }

    /** Returns whether a backend accepts the input images of a request, which may have none. */
    public boolean acceptsInputs(String backend, ImageRequest request) {
        return catalog.backend(backend).acceptsInputs(request);
    }

    /** Returns whether an attempt is repeated when its outcome is unknown and cannot be looked up. */
    public boolean repeatsAmbiguous(String backend) {
        BackendCapabilities known = catalog.backend(backend);
        return known == null || known.settings().repeatsAmbiguous();
    }

    /**
     * Offers up to {@code limit} generations of each route. The sum over the routes may exceed the permits of a backend; the statement
     * that leases the generations respects them.
     */
    public synchronized RouteOffer offer(int limit) {
        List<Slot> slots = new ArrayList<>();
        for (ModelSettings model : models.values()) {
            slots.addAll(offer(model, limit, permits()));
        }
        return new RouteOffer(
                slots, executors.values().stream().map(this::stateOf).toList());
    }

    /**
     * Offers up to a number of generations per route, together no more than the permits of each backend.
     *
     * @param counts number of generations by route
     * @param limit maximum number of all generations
     */
    public synchronized RouteOffer offer(Map<String, Integer> counts, int limit) {
        Map<String, Integer> permits = permits();
        List<Slot> slots = new ArrayList<>();
        counts.forEach((route, count) -> {
            ModelSettings model = models.get(route);
            if (model != null) {
                slots.addAll(offer(model, Math.min(count, limit - slots.size()), permits));
            }
        });
        return new RouteOffer(
                slots, executors.values().stream().map(this::stateOf).toList());
    }

    /** Returns the AI servers that accept no submissions and still respond, so that earlier submissions there can be looked up. */
    public List<BackendState> lookUpOnly() {
        return executors.values().stream()
                .filter(executor -> !executor.acceptsCalls())
                .map(this::stateOf)
                .filter(BackendState::lookUp)
                .toList();
    }

    private Map<String, Integer> permits() {
        return executors.values().stream()
                .collect(Collectors.toMap(BackendExecutor::name, BackendExecutor::availablePermits));
    }

    /** @param permits reduced by the offered ones */
    private List<Slot> offer(ModelSettings model, int limit, Map<String, Integer> permits) {
        List<String> accepting =
                accepting(model).stream().map(BackendExecutor::name).toList();
        RouteShares routeShares = shares.get(model.route());
        if (routeShares != null) {
            routeShares.setAvailable(accepting);
        }
        Map<String, Integer> tentative = new HashMap<>();
        List<Slot> slots = new ArrayList<>();
        while (slots.size() < limit && !accepting.isEmpty()) {
            List<String> free = (routeShares == null ? first(accepting, permits) : accepting)
                    .stream().filter(name -> permits.get(name) > 0).toList();
            if (free.isEmpty()) {
                break;
            }
            String chosen = routeShares == null ? free.get(0) : routeShares.next(free, tentative);
            permits.merge(chosen, -1, Integer::sum);
            tentative.merge(chosen, 1, Integer::sum);
            slots.add(new Slot(model.route(), chosen, alternative(accepting, chosen, permits), selection(model)));
        }
        return slots;
    }

    /** Returns the first backend in the order. A half-open one gets its probes only, and the next in the order gets the rest. */
    private List<String> first(List<String> accepting, Map<String, Integer> permits) {
        return accepting.stream()
                .filter(name ->
                        permits.get(name) > 0 || executors.get(name).state() == BackendExecutor.BreakerState.CLOSED)
                .limit(1)
                .toList();
    }

    /** Returns the reason for the AI servers of a route, without failover. */
    public BackendSelection selectionOf(String route) {
        ModelSettings model = models.get(route);
        return model == null ? BackendSelection.ONLY : selection(model);
    }

    private static BackendSelection selection(ModelSettings model) {
        return model.targets().size() == 1
                ? BackendSelection.ONLY
                : model.weighted() ? BackendSelection.WEIGHT : BackendSelection.ORDER;
    }

    private static String alternative(List<String> accepting, String chosen, Map<String, Integer> permits) {
        return accepting.stream()
                .filter(name -> !name.equals(chosen) && permits.get(name) > 0)
                .findFirst()
                .orElse(null);
    }

    /** Returns the backends that accept calls, without those that have just refused the credentials, unless there is no other. */
    private List<BackendExecutor> accepting(ModelSettings model) {
        List<BackendExecutor> accepting = model.targets().stream()
                .map(target -> executors.get(target.backend()))
                .filter(executor -> executor != null && executor.acceptsCalls())
                .toList();
        List<BackendExecutor> willing =
                accepting.stream().filter(executor -> !executor.refusesAccess()).toList();
        return willing.isEmpty() ? accepting : willing;
    }

    private BackendState stateOf(BackendExecutor executor) {
        boolean responds = executor.state() != BackendExecutor.BreakerState.OPEN;
        return new BackendState(
                executor.name(),
                executor.availablePermits(),
                catalog.backend(executor.name()).settings().timeout(),
                responds,
                !responds && repeatsAmbiguous(executor.name()));
    }

    /** Counts a generation that was leased for a backend because of its weight. */
    public synchronized void recordSelection(String route, String backend, BackendSelection selection) {
        RouteShares routeShares = shares.get(route);
        if (routeShares != null && selection == BackendSelection.WEIGHT) {
            routeShares.record(backend);
        }
    }
}
