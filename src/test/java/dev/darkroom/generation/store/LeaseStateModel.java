package dev.darkroom.generation.store;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Model of leases, small enough to be explored completely: generations, processes, the database clock, and pending writes. States are
 * immutable; {@link #steps} returns all possible next steps. Time passes in ticks: the row of a node lives for {@link #TTL} ticks, the
 * local validity of its identity for {@link #TRUST}.
 *
 * <p>The model distinguishes only the newest claim of a generation, with the token of the row, from older ones. The statements compare no
 * more than that, and it keeps the number of states finite. One statement is one step, one local action of a process is another, and any
 * step may happen between two others. Responses may be lost, writes may arrive at any later time, processes may crash and freeze.
 */
final class LeaseStateModel {
    static final int TTL = 2;
    static final int TRUST = 1;
    static final int MAX_LOST = 2;
    static final int MAX_COUNTED = 2;

    /** The design, and weaker designs that violate an invariant. */
    enum Variant {
        AS_BUILT,
        /** Writes check that there is a lease, but not its token. */
        WITHOUT_TOKEN,
        /** The identity of a process is valid until the database says that it has expired. */
        WITHOUT_LOCAL_EXPIRY,
        /** A reaper reclaims every lease. */
        REAPER_WITHOUT_EXPIRY,
        /** The validity counts from the response to a heartbeat, not from its request. */
        VALID_FROM_RESPONSE
    }

    enum Status {
        WAITING,
        LEASED,
        COMPLETE,
        FAILED
    }

    /** Outcome that a write records. */
    enum Write {
        COMPLETE,
        RETRY,
        /** Written by a reaper. */
        LOST
    }

    /** Write that has not reached the database yet. */
    record Sent(Write write, boolean newest) implements Comparable<Sent> {
        @Override
        public int compareTo(Sent other) {
            return (write.ordinal() * 2 + (newest ? 1 : 0)) - (other.write.ordinal() * 2 + (other.newest ? 1 : 0));
        }
    }

    /**
     * Generation in the database.
     *
     * @param owner index of the process that holds the lease, or -1
     * @param formerLeft remaining ticks of the row of a former identity of the owner; -1 if the lease belongs to its current identity
     * @param broken whether an outdated claim has recorded an outcome
     */
    record Gen(
            Status status,
            int owner,
            int formerLeft,
            int lost,
            int counted,
            int successes,
            boolean broken,
            Set<Sent> sent) {

        boolean ended() {
            return status == Status.COMPLETE || status == Status.FAILED;
        }
    }

    enum Life {
        UP,
        DOWN,
        FROZEN
    }

    /** Progress of a process with a claim. */
    enum Phase {
        NOTHING,
        /** Claimed in the database, no response yet. */
        CLAIMED,
        /** The AI server has not responded yet. */
        CALLING,
        /** The AI server has responded with images. */
        GENERATED,
        /** The AI server has responded with a failure. */
        FAILED,
        /** The write of a success is pending. */
        RECORDING_SUCCESS,
        /** The write of a failure is pending. */
        RECORDING_FAILURE
    }

    /** Progress of a process with one generation; {@code newest} says whether its claim is the newest. */
    record Job(Phase phase, boolean newest) {
        static final Job NONE = new Job(Phase.NOTHING, false);
    }

    /**
     * Process.
     *
     * @param identity whether it has one
     * @param trust remaining ticks of its local validity
     * @param row remaining ticks of the row of its current or last identity
     * @param response age of the heartbeat with a pending response, -1 when there is none
     */
    record Proc(Life life, boolean identity, int trust, int row, int response, List<Job> jobs) {}

    record State(List<Gen> gens, List<Proc> procs, int faults) {}

    /**
     * Transition to a next state.
     *
     * @param proc index of the process that acts, or -1
     * @param gen index of the generation, or -1
     */
    record Step(String name, int proc, int gen, Sent sent, State next) {
        @Override
        public String toString() {
            return name
                    + (proc < 0 ? "" : " process " + proc)
                    + (gen < 0 ? "" : " generation " + gen)
                    + (sent == null ? "" : " " + sent.write() + (sent.newest() ? "" : " of an older claim"));
        }
    }

    private final Variant variant;

    LeaseStateModel(Variant variant) {
        this.variant = variant;
    }

    /** Returns the initial state: all generations wait, all processes are down. */
    static State start(int gens, int procs, int faults) {
        List<Gen> waiting = new ArrayList<>();
        for (int i = 0; i < gens; i++) {
            waiting.add(new Gen(Status.WAITING, -1, -1, 0, 0, 0, false, Set.of()));
        }
        List<Proc> down = new ArrayList<>();
        List<Job> idle = new ArrayList<>();
        for (int i = 0; i < gens; i++) {
            idle.add(Job.NONE);
        }
        for (int i = 0; i < procs; i++) {
            down.add(new Proc(Life.DOWN, false, 0, 0, -1, List.copyOf(idle)));
        }
        return new State(waiting, down, faults);
    }

    /**
     * Returns the representative of all equivalent states. They differ only in the order of the processes and in data that no later step
     * reads.
     */
    static State canonical(State state) {
        List<Integer> order = new ArrayList<>();
        List<Proc> tidy = new ArrayList<>();
        for (int p = 0; p < state.procs().size(); p++) {
            order.add(p);
            tidy.add(tidy(state, p));
        }
        order.sort(Comparator.comparingInt(p -> code(state, p, tidy.get(p))));
        // Loops instead of streams, because this method takes most of the time of an exploration.
        List<Gen> gens = new ArrayList<>();
        for (Gen gen : state.gens()) {
            gens.add(canonical(gen, order));
        }
        List<Proc> procs = new ArrayList<>();
        for (int p : order) {
            procs.add(tidy.get(p));
        }
        return new State(gens, procs, state.faults());
    }

    private static Gen canonical(Gen gen, List<Integer> order) {
        if (gen.ended()) {
            return new Gen(gen.status(), -1, -1, 0, 0, gen.successes(), gen.broken(), Set.of());
        }
        return new Gen(
                gen.status(),
                gen.owner() < 0 ? -1 : order.indexOf(gen.owner()),
                gen.formerLeft(),
                gen.lost(),
                gen.counted(),
                gen.successes(),
                gen.broken(),
                gen.sent());
    }

    /** Returns a unique short text for a state, which is faster to hash and compare than nested records. */
    static String key(State state) {
        StringBuilder key = new StringBuilder();
        add(key, state.faults());
        for (Gen gen : state.gens()) {
            add(key, gen.status().ordinal());
            add(key, gen.owner());
            add(key, gen.formerLeft());
            add(key, gen.lost());
            add(key, gen.counted());
            add(key, gen.successes());
            add(key, gen.broken() ? 1 : 0);
            add(key, gen.sent().size());
            for (Sent sent : gen.sent()) {
                add(key, sent.write().ordinal() * 2 + (sent.newest() ? 1 : 0));
            }
        }
        for (Proc proc : state.procs()) {
            add(key, proc.life().ordinal());
            add(key, proc.identity() ? 1 : 0);
            add(key, proc.trust());
            add(key, proc.row());
            add(key, proc.response());
            for (Job job : proc.jobs()) {
                add(key, job.phase().ordinal() * 2 + (job.newest() ? 1 : 0));
            }
        }
        return key.toString();
    }

    /** @param number at least -1 */
    private static void add(StringBuilder key, int number) {
        key.append((char) (number + 1));
    }

    private static Proc tidy(State state, int p) {
        Proc proc = state.procs().get(p);
        boolean rowMatters = proc.identity() || proc.response() >= 0;
        for (Gen gen : state.gens()) {
            rowMatters |= holds(gen, p);
        }
        List<Job> jobs = new ArrayList<>();
        for (int g = 0; g < proc.jobs().size(); g++) {
            Job job = proc.jobs().get(g);
            jobs.add(state.gens().get(g).ended() && job.newest() ? new Job(job.phase(), false) : job);
        }
        return new Proc(
                proc.life(),
                proc.identity(),
                proc.trust(),
                rowMatters ? proc.row() : 0,
                proc.response(),
                List.copyOf(jobs));
    }

    private static boolean holds(Gen gen, int p) {
        return gen.status() == Status.LEASED && gen.owner() == p && gen.formerLeft() < 0;
    }

    /** Returns a number that differs for different processes. */
    private static int code(State state, int p, Proc proc) {
        int code = proc.life().ordinal() * 2 + (proc.identity() ? 1 : 0);
        code = ((code * (TRUST + 1) + proc.trust()) * (TTL + 1) + proc.row()) * (TRUST + 2) + proc.response() + 1;
        for (int g = 0; g < proc.jobs().size(); g++) {
            Job job = proc.jobs().get(g);
            code = (code * Phase.values().length + job.phase().ordinal()) * 4
                    + (job.newest() ? 2 : 0)
                    + (state.gens().get(g).owner() == p ? 1 : 0);
        }
        return code;
    }

    /** Returns the violated invariant of a state; null when there is none. */
    String violation(State state) {
        for (int g = 0; g < state.gens().size(); g++) {
            Gen gen = state.gens().get(g);
            int at = g;
            if (gen.broken()) {
                return "an outdated claim of generation " + g + " has recorded an outcome";
            }
            if (gen.successes() > 1 || (gen.successes() == 1) != (gen.status() == Status.COMPLETE)) {
                return "generation " + g + " is " + gen.status() + " with " + gen.successes() + " successes";
            }
            long calling = state.procs().stream()
                    .filter(proc ->
                            proc.life() == Life.UP && proc.jobs().get(at).phase() == Phase.CALLING)
                    .count();
            if (calling > 1) {
                return "two running processes call the AI server for generation " + g;
            }
        }
        return null;
    }

    /** Returns all possible next steps. */
    List<Step> steps(State state) {
        List<Step> steps = new ArrayList<>();
        if (state.gens().stream().allMatch(Gen::ended)) {
            return steps;
        }
        boolean reaperRuns = state.procs().stream().anyMatch(proc -> proc.life() == Life.UP);
        boolean mustAbort = false;
        for (int p = 0; p < state.procs().size(); p++) {
            Proc proc = state.procs().get(p);
            switch (proc.life()) {
                case DOWN -> steps.add(new Step("starts", p, -1, null, with(state, p, life(proc, Life.UP))));
                case FROZEN -> steps.add(thaw(state, p));
                case UP -> {
                    mustAbort |= proc.identity() && !isValid(proc);
                    live(state, p, steps);
                }
            }
        }
        for (int g = 0; g < state.gens().size(); g++) {
            Gen gen = state.gens().get(g);
            if (reaperRuns && gen.status() == Status.LEASED && abandoned(state, gen)) {
                send(state, -1, g, Write.LOST, true, steps, "reaper finds");
            }
            for (Sent sent : gen.sent()) {
                steps.add(new Step("arrives", -1, g, sent, arrives(state, g, sent)));
                if (state.faults() > 0) {
                    State lost = with(state, g, sent(gen, without(gen.sent(), sent)));
                    steps.add(new Step("is lost", -1, g, sent, fault(lost)));
                }
            }
        }
        // A process aborts its calls between the end of its local validity and the expiry of its row.
        if (!mustAbort) {
            steps.add(new Step("time passes", -1, -1, null, tick(state)));
        }
        return steps;
    }

    private void live(State state, int p, List<Step> steps) {
        Proc proc = state.procs().get(p);
        if (proc.identity() && !isValid(proc)) {
            // No other step: a process checks its identity before every action.
            steps.add(new Step("aborts", p, -1, null, with(state, p, lose(proc))));
            return;
        }
        // One heartbeat at a time. A process registers again instead of a heartbeat.
        if (proc.response() < 0) {
            steps.add(proc.identity() ? heartbeat(state, p) : new Step("registers", p, -1, null, join(state, p)));
        }
        addHeartbeatResponses(state, p, steps);
        for (int g = 0; g < state.gens().size(); g++) {
            if (proc.identity()) {
                work(state, p, g, steps);
            }
        }
        if (state.faults() > 0) {
            steps.add(new Step("crashes", p, -1, null, fault(with(state, p, crash(proc)))));
            steps.add(new Step("freezes", p, -1, null, fault(with(state, p, life(proc, Life.FROZEN)))));
        }
    }

    /** Models only the delay of the response. A delayed request only extends the life of the row. */
    private static Step heartbeat(State state, int p) {
        Proc proc = state.procs().get(p);
        return proc.row() > 0
                ? new Step("sends a heartbeat", p, -1, null, with(state, p, beat(proc, TTL, 0)))
                : new Step("finds its row expired", p, -1, null, with(state, p, lose(proc)));
    }

    /** Adds the arrival and the loss of the response to a heartbeat. */
    private void addHeartbeatResponses(State state, int p, List<Step> steps) {
        Proc proc = state.procs().get(p);
        if (proc.response() >= 0) {
            int age = variant == Variant.VALID_FROM_RESPONSE ? 0 : proc.response();
            Proc confirmed = new Proc(proc.life(), true, Math.max(0, TRUST - age), proc.row(), -1, proc.jobs());
            steps.add(new Step("receives the heartbeat response", p, -1, null, with(state, p, confirmed)));
        }
        if (state.faults() > 0 && proc.response() >= 0) {
            Proc lost = beat(proc, proc.row(), -1);
            steps.add(new Step("loses the heartbeat response", p, -1, null, fault(with(state, p, lost))));
        }
    }

    private void work(State state, int p, int g, List<Step> steps) {
        Proc proc = state.procs().get(p);
        Gen gen = state.gens().get(g);
        Job job = proc.jobs().get(g);
        switch (job.phase()) {
            case NOTHING -> {
                if (gen.status() == Status.WAITING && proc.row() > 0) {
                    steps.add(new Step("claims", p, g, null, claim(state, p, g)));
                }
                if (holds(gen, p)) {
                    Gen free = new Gen(
                            Status.WAITING,
                            -1,
                            -1,
                            gen.lost(),
                            gen.counted(),
                            gen.successes(),
                            gen.broken(),
                            gen.sent());
                    steps.add(new Step("releases", p, g, null, with(state, g, free)));
                }
            }
            case CLAIMED -> {
                steps.add(new Step("calls", p, g, null, job(state, p, g, Phase.CALLING)));
                if (state.faults() > 0) {
                    steps.add(new Step("loses the claim response", p, g, null, fault(job(state, p, g, Phase.NOTHING))));
                }
            }
            case CALLING -> {
                steps.add(new Step("receives images", p, g, null, job(state, p, g, Phase.GENERATED)));
                steps.add(new Step("receives a failure", p, g, null, job(state, p, g, Phase.FAILED)));
            }
            case GENERATED ->
                send(job(state, p, g, Phase.RECORDING_SUCCESS), p, g, Write.COMPLETE, job.newest(), steps, "sends");
            case FAILED ->
                send(job(state, p, g, Phase.RECORDING_FAILURE), p, g, Write.RETRY, job.newest(), steps, "sends");
            case RECORDING_SUCCESS ->
                awaitWriteResponse(state, p, g, new Sent(Write.COMPLETE, job.newest()), Phase.GENERATED, steps);
            case RECORDING_FAILURE ->
                awaitWriteResponse(state, p, g, new Sent(Write.RETRY, job.newest()), Phase.FAILED, steps);
        }
    }

    /** Adds the response to a write, and the loss of its connection. The process then repeats the write; the first may still arrive. */
    private void awaitWriteResponse(State state, int p, int g, Sent sent, Phase retryFrom, List<Step> steps) {
        if (!state.gens().get(g).sent().contains(sent)) {
            steps.add(new Step("receives the write response", p, g, null, job(state, p, g, Phase.NOTHING)));
        }
        if (state.faults() > 0) {
            steps.add(new Step("loses the write response", p, g, null, fault(job(state, p, g, retryFrom))));
        }
    }

    private void send(State state, int p, int g, Write write, boolean newest, List<Step> steps, String name) {
        Gen gen = state.gens().get(g);
        Sent sent = new Sent(write, newest);
        if (!gen.sent().contains(sent) || p >= 0) {
            Set<Sent> all = new TreeSet<>(gen.sent());
            all.add(sent);
            steps.add(new Step(name, p, g, sent, with(state, g, sent(gen, all))));
        }
    }

    private State claim(State state, int p, int g) {
        Gen gen = state.gens().get(g);
        // The token increases: pending writes and running attempts now belong to an older claim.
        Set<Sent> older = new TreeSet<>();
        gen.sent().forEach(sent -> older.add(new Sent(sent.write(), false)));
        Gen leased = new Gen(Status.LEASED, p, -1, gen.lost(), gen.counted(), gen.successes(), gen.broken(), older);
        State next = with(state, g, leased);
        for (int other = 0; other < state.procs().size(); other++) {
            Job job = state.procs().get(other).jobs().get(g);
            if (job.newest()) {
                next = job(next, other, g, new Job(job.phase(), false));
            }
        }
        return job(next, p, g, new Job(Phase.CLAIMED, true));
    }

    /** Returns the state after a fenced statement. */
    private State arrives(State state, int g, Sent sent) {
        Gen gen = sent(state.gens().get(g), without(state.gens().get(g).sent(), sent));
        boolean tokenMatches = sent.newest() || variant == Variant.WITHOUT_TOKEN;
        if (gen.status() != Status.LEASED || !tokenMatches) {
            return with(state, g, gen);
        }
        boolean broken = gen.broken() || !sent.newest();
        int lost = gen.lost() + (sent.write() == Write.LOST ? 1 : 0);
        int counted = gen.counted() + (sent.write() == Write.RETRY ? 1 : 0);
        Status next;
        if (sent.write() == Write.COMPLETE) {
            next = Status.COMPLETE;
        } else {
            next = lost >= MAX_LOST || counted >= MAX_COUNTED ? Status.FAILED : Status.WAITING;
        }
        int successes = gen.successes() + (sent.write() == Write.COMPLETE ? 1 : 0);
        return with(state, g, new Gen(next, -1, -1, lost, counted, successes, broken, gen.sent()));
    }

    /** Returns whether a reaper would reclaim the lease. */
    boolean abandoned(State state, Gen gen) {
        if (gen.status() != Status.LEASED) {
            return false;
        }
        int left = gen.formerLeft() >= 0
                ? gen.formerLeft()
                : state.procs().get(gen.owner()).row();
        return left == 0 || variant == Variant.REAPER_WITHOUT_EXPIRY;
    }

    private boolean isValid(Proc proc) {
        return proc.identity() && (proc.trust() > 0 || variant == Variant.WITHOUT_LOCAL_EXPIRY);
    }

    private Step thaw(State state, int p) {
        Proc proc = state.procs().get(p);
        // A process checks its identity before every action.
        Proc awake = isValid(proc) || !proc.identity() ? life(proc, Life.UP) : lose(life(proc, Life.UP));
        return new Step("thaws", p, -1, null, with(state, p, awake));
    }

    /** Clears the identity, aborts calls and discards results that are not recorded. */
    private static Proc lose(Proc proc) {
        return new Proc(proc.life(), false, 0, proc.row(), proc.response(), idle(proc));
    }

    private static Proc crash(Proc proc) {
        return new Proc(Life.DOWN, false, 0, proc.row(), -1, idle(proc));
    }

    private static List<Job> idle(Proc proc) {
        return proc.jobs().stream().map(job -> Job.NONE).toList();
    }

    /** Registers a new row. Leases of the old identity stay with the old row until it expires. */
    private static State join(State state, int p) {
        Proc proc = state.procs().get(p);
        State next = state;
        for (int g = 0; g < state.gens().size(); g++) {
            Gen gen = state.gens().get(g);
            if (holds(gen, p)) {
                next = with(
                        next,
                        g,
                        new Gen(
                                gen.status(),
                                p,
                                proc.row(),
                                gen.lost(),
                                gen.counted(),
                                gen.successes(),
                                gen.broken(),
                                gen.sent()));
            }
        }
        return with(next, p, new Proc(proc.life(), true, TRUST, TTL, -1, proc.jobs()));
    }

    private static State tick(State state) {
        List<Gen> gens = state.gens().stream()
                .map(gen -> new Gen(
                        gen.status(),
                        gen.owner(),
                        gen.formerLeft() > 0 ? gen.formerLeft() - 1 : gen.formerLeft(),
                        gen.lost(),
                        gen.counted(),
                        gen.successes(),
                        gen.broken(),
                        gen.sent()))
                .toList();
        List<Proc> procs = state.procs().stream()
                .map(proc -> new Proc(
                        proc.life(),
                        proc.identity(),
                        Math.max(0, proc.trust() - 1),
                        Math.max(0, proc.row() - 1),
                        older(proc.response()),
                        proc.jobs()))
                .toList();
        return new State(gens, procs, state.faults());
    }

    private static int older(int age) {
        return age < 0 ? -1 : Math.min(age + 1, TRUST);
    }

    private static Set<Sent> without(Set<Sent> all, Sent one) {
        Set<Sent> rest = new TreeSet<>(all);
        rest.remove(one);
        return rest;
    }

    private static Gen sent(Gen gen, Set<Sent> sent) {
        return new Gen(
                gen.status(),
                gen.owner(),
                gen.formerLeft(),
                gen.lost(),
                gen.counted(),
                gen.successes(),
                gen.broken(),
                sent);
    }

    private static Proc life(Proc proc, Life life) {
        return new Proc(life, proc.identity(), proc.trust(), proc.row(), proc.response(), proc.jobs());
    }

    private static Proc beat(Proc proc, int row, int response) {
        return new Proc(proc.life(), proc.identity(), proc.trust(), row, response, proc.jobs());
    }

    private static State job(State state, int p, int g, Phase phase) {
        boolean newest = state.procs().get(p).jobs().get(g).newest();
        return job(state, p, g, phase == Phase.NOTHING ? Job.NONE : new Job(phase, newest));
    }

    private static State job(State state, int p, int g, Job job) {
        Proc proc = state.procs().get(p);
        List<Job> jobs = new ArrayList<>(proc.jobs());
        jobs.set(g, job);
        return with(
                state,
                p,
                new Proc(proc.life(), proc.identity(), proc.trust(), proc.row(), proc.response(), List.copyOf(jobs)));
    }

    private static State fault(State state) {
        return new State(state.gens(), state.procs(), state.faults() - 1);
    }

    private static State with(State state, int p, Proc proc) {
        List<Proc> procs = new ArrayList<>(state.procs());
        procs.set(p, proc);
        return new State(state.gens(), List.copyOf(procs), state.faults());
    }

    private static State with(State state, int g, Gen gen) {
        List<Gen> gens = new ArrayList<>(state.gens());
        gens.set(g, gen);
        return new State(List.copyOf(gens), state.procs(), state.faults());
    }
}
