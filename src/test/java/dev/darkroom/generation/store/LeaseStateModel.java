package dev.darkroom.generation.store;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Who may work on what, small enough to be explored whole: generations, processes, the database's clock, and writes that are
 * on their way. Immutable states; {@link #steps} names everything that can happen next. Time passes in ticks: a lease lives
 * for {@link #TTL} of them, trust for {@link #TRUST}.
 *
 * <p>Claims are known by two marks only: whether it is the newest of its generation (its token is the row's), or an older
 * one. That is all the statements ask, and it keeps the number of states finite. What is done by one statement is one step.
 * What a process does by itself is another, and everything may happen between two steps. Answers may be lost, writes may
 * arrive at any later time, processes may crash and freeze.
 */
final class LeaseStateModel {
    static final int TTL = 2;
    static final int TRUST = 1;
    static final int MAX_LOST = 2;
    static final int MAX_COUNTED = 2;

    /** The design, or what somebody might have thought to be enough. */
    enum Variant {
        AS_BUILT,
        /** Writes check that the generation is being worked on, and not by whom. */
        WITHOUT_TOKEN,
        /** A process trusts itself until the database tells it otherwise. */
        WITHOUT_TRUST_WINDOW,
        /** A sweep takes every lease back that it finds. */
        SWEEP_WITHOUT_EXPIRY,
        /** A heartbeat proves that a process lived when its answer came, not when it was sent. */
        TRUST_FROM_THE_ANSWER
    }

    enum Status {
        WAITING,
        LEASED,
        COMPLETE,
        FAILED
    }

    /** What a write wants to put on record. */
    enum Write {
        COMPLETE,
        RETRY,
        /** By a sweep. */
        LOST
    }

    /** A write on its way to the database. */
    record Sent(Write write, boolean newest) implements Comparable<Sent> {
        @Override
        public int compareTo(Sent other) {
            return (write.ordinal() * 2 + (newest ? 1 : 0)) - (other.write.ordinal() * 2 + (other.newest ? 1 : 0));
        }
    }

    /**
     * A generation in the database.
     *
     * @param owner the process whose identity holds the lease, or -1
     * @param formerLeft how long the row of an identity lives that its process has given up; -1 for a process's present one
     * @param broken whether something has been recorded by a claim that did not hold the lease any more
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

    /** How far a process has come with a claim. */
    enum Phase {
        NOTHING,
        /** Claimed, and the answer is on its way. */
        CLAIMED,
        /** The AI server has been asked and has not answered. */
        CALLING,
        /** It has answered, with pictures. */
        MADE,
        /** It has answered, without. */
        FAILED,
        /** The pictures are on their way into the database. */
        SAYING_MADE,
        SAYING_FAILED
    }

    /** What a process does with one generation, and whether its claim is still the newest. */
    record Job(Phase phase, boolean newest) {
        static final Job NONE = new Job(Phase.NOTHING, false);
    }

    /**
     * A process.
     *
     * @param identity whether it has one
     * @param trust how long it may still trust it
     * @param row how long the row of the identity it has, or last had, still lives
     * @param answer the age of the heartbeat whose answer is on its way, -1 when none is
     */
    record Proc(Life life, boolean identity, int trust, int row, int answer, List<Job> jobs) {}

    record State(List<Gen> gens, List<Proc> procs, int faults) {}

    /**
     * One thing that can happen.
     *
     * @param proc who does it, -1 where nobody in particular does
     * @param gen to which generation, or -1
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

    /** Everything waits, nobody runs. */
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
     * One of all states that differ in nothing that can ever matter: which process is called the first, and what is left of
     * things that nobody will look at again.
     */
    static State canonical(State state) {
        List<Integer> order = new ArrayList<>();
        List<Proc> tidy = new ArrayList<>();
        for (int p = 0; p < state.procs().size(); p++) {
            order.add(p);
            tidy.add(tidy(state, p));
        }
        order.sort(Comparator.comparingInt(p -> code(state, p, tidy.get(p))));
        // Loops, since this is most of the work of an exploration.
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

    /** A short text for a state, another one for each. Quicker to hash and to compare than records of records. */
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
            add(key, proc.answer());
            for (Job job : proc.jobs()) {
                add(key, job.phase().ordinal() * 2 + (job.newest() ? 1 : 0));
            }
        }
        return key.toString();
    }

    /** @param number from -1 up */
    private static void add(StringBuilder key, int number) {
        key.append((char) (number + 1));
    }

    private static Proc tidy(State state, int p) {
        Proc proc = state.procs().get(p);
        boolean rowMatters = proc.identity() || proc.answer() >= 0;
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
                proc.answer(),
                List.copyOf(jobs));
    }

    private static boolean holds(Gen gen, int p) {
        return gen.status() == Status.LEASED && gen.owner() == p && gen.formerLeft() < 0;
    }

    /** Differs for processes that differ. */
    private static int code(State state, int p, Proc proc) {
        int code = proc.life().ordinal() * 2 + (proc.identity() ? 1 : 0);
        code = ((code * (TRUST + 1) + proc.trust()) * (TTL + 1) + proc.row()) * (TRUST + 2) + proc.answer() + 1;
        for (int g = 0; g < proc.jobs().size(); g++) {
            Job job = proc.jobs().get(g);
            code = (code * Phase.values().length + job.phase().ordinal()) * 4
                    + (job.newest() ? 2 : 0)
                    + (state.gens().get(g).owner() == p ? 1 : 0);
        }
        return code;
    }

    /** What is wrong with a state; null when nothing is. */
    String violation(State state) {
        for (int g = 0; g < state.gens().size(); g++) {
            Gen gen = state.gens().get(g);
            int at = g;
            if (gen.broken()) {
                return "a claim that no longer held generation " + g + " has put something on record";
            }
            if (gen.successes() > 1 || (gen.successes() == 1) != (gen.status() == Status.COMPLETE)) {
                return "generation " + g + " is " + gen.status() + " with " + gen.successes() + " successes";
            }
            long calling = state.procs().stream()
                    .filter(proc ->
                            proc.life() == Life.UP && proc.jobs().get(at).phase() == Phase.CALLING)
                    .count();
            if (calling > 1) {
                return "two processes that are awake ask the AI server for generation " + g;
            }
        }
        return null;
    }

    /** Everything that can happen next. */
    List<Step> steps(State state) {
        List<Step> steps = new ArrayList<>();
        if (state.gens().stream().allMatch(Gen::ended)) {
            return steps;
        }
        boolean somebodySweeps = state.procs().stream().anyMatch(proc -> proc.life() == Life.UP);
        boolean mustBreakOff = false;
        for (int p = 0; p < state.procs().size(); p++) {
            Proc proc = state.procs().get(p);
            switch (proc.life()) {
                case DOWN -> steps.add(new Step("starts", p, -1, null, with(state, p, life(proc, Life.UP))));
                case FROZEN -> steps.add(thaws(state, p));
                case UP -> {
                    mustBreakOff |= proc.identity() && !trusts(proc);
                    live(state, p, steps);
                }
            }
        }
        for (int g = 0; g < state.gens().size(); g++) {
            Gen gen = state.gens().get(g);
            if (somebodySweeps && gen.status() == Status.LEASED && abandoned(state, gen)) {
                send(state, -1, g, Write.LOST, true, steps, "sweep finds");
            }
            for (Sent sent : gen.sent()) {
                steps.add(new Step("arrives", -1, g, sent, arrives(state, g, sent)));
                if (state.faults() > 0) {
                    State lost = with(state, g, sent(gen, without(gen.sent(), sent)));
                    steps.add(new Step("is lost", -1, g, sent, fault(lost)));
                }
            }
        }
        // The fifth of its lease that a process does not trust is the time in which it breaks its calls off.
        if (!mustBreakOff) {
            steps.add(new Step("time passes", -1, -1, null, tick(state)));
        }
        return steps;
    }

    private void live(State state, int p, List<Step> steps) {
        Proc proc = state.procs().get(p);
        if (proc.identity() && !trusts(proc)) {
            // Nothing else: it looks before it does anything.
            steps.add(new Step("breaks off", p, -1, null, with(state, p, lose(proc))));
            return;
        }
        // One heartbeat at a time, and it is in a heartbeat's turn that a process joins again.
        if (proc.answer() < 0) {
            steps.add(proc.identity() ? beats(state, p) : new Step("joins", p, -1, null, join(state, p)));
        }
        heartbeats(state, p, steps);
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

    /** How long a heartbeat travels does not matter: its row then lives the longer. How long its answer does, matters. */
    private static Step beats(State state, int p) {
        Proc proc = state.procs().get(p);
        return proc.row() > 0
                ? new Step("beats", p, -1, null, with(state, p, beat(proc, TTL, 0)))
                : new Step("is told that it is dead", p, -1, null, with(state, p, lose(proc)));
    }

    /** The answer to a heartbeat comes, or does not. */
    private void heartbeats(State state, int p, List<Step> steps) {
        Proc proc = state.procs().get(p);
        if (proc.answer() >= 0) {
            int age = variant == Variant.TRUST_FROM_THE_ANSWER ? 0 : proc.answer();
            Proc confirmed = new Proc(proc.life(), true, Math.max(0, TRUST - age), proc.row(), -1, proc.jobs());
            steps.add(new Step("heartbeat is answered to", p, -1, null, with(state, p, confirmed)));
        }
        if (state.faults() > 0 && proc.answer() >= 0) {
            Proc lost = beat(proc, proc.row(), -1);
            steps.add(new Step("gets no answer to its heartbeat", p, -1, null, fault(with(state, p, lost))));
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
                    steps.add(new Step("gives back", p, g, null, with(state, g, free)));
                }
            }
            case CLAIMED -> {
                steps.add(new Step("begins", p, g, null, job(state, p, g, Phase.CALLING)));
                if (state.faults() > 0) {
                    steps.add(new Step("never hears of its claim", p, g, null, fault(job(state, p, g, Phase.NOTHING))));
                }
            }
            case CALLING -> {
                steps.add(new Step("gets pictures", p, g, null, job(state, p, g, Phase.MADE)));
                steps.add(new Step("gets a failure", p, g, null, job(state, p, g, Phase.FAILED)));
            }
            case MADE -> send(job(state, p, g, Phase.SAYING_MADE), p, g, Write.COMPLETE, job.newest(), steps, "sends");
            case FAILED -> send(job(state, p, g, Phase.SAYING_FAILED), p, g, Write.RETRY, job.newest(), steps, "sends");
            case SAYING_MADE -> said(state, p, g, new Sent(Write.COMPLETE, job.newest()), Phase.MADE, steps);
            case SAYING_FAILED -> said(state, p, g, new Sent(Write.RETRY, job.newest()), Phase.FAILED, steps);
        }
    }

    /** It is answered, or the connection breaks first and it is sent again; what was sent may arrive all the same. */
    private void said(State state, int p, int g, Sent sent, Phase again, List<Step> steps) {
        if (!state.gens().get(g).sent().contains(sent)) {
            steps.add(new Step("is answered", p, g, null, job(state, p, g, Phase.NOTHING)));
        }
        if (state.faults() > 0) {
            steps.add(new Step("gets no answer", p, g, null, fault(job(state, p, g, again))));
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
        // The token grows: whatever was on its way, or is still at work, belongs to an older claim now.
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

    /** What a fenced statement does when it is executed. */
    private State arrives(State state, int g, Sent sent) {
        Gen gen = sent(state.gens().get(g), without(state.gens().get(g).sent(), sent));
        boolean fence = sent.newest() || variant == Variant.WITHOUT_TOKEN;
        if (gen.status() != Status.LEASED || !fence) {
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

    /** Whether a sweep would take the lease back. */
    boolean abandoned(State state, Gen gen) {
        if (gen.status() != Status.LEASED) {
            return false;
        }
        int left = gen.formerLeft() >= 0
                ? gen.formerLeft()
                : state.procs().get(gen.owner()).row();
        return left == 0 || variant == Variant.SWEEP_WITHOUT_EXPIRY;
    }

    private boolean trusts(Proc proc) {
        return proc.identity() && (proc.trust() > 0 || variant == Variant.WITHOUT_TRUST_WINDOW);
    }

    private Step thaws(State state, int p) {
        Proc proc = state.procs().get(p);
        // It looks at its clock before it does anything else.
        Proc awake = trusts(proc) || !proc.identity() ? life(proc, Life.UP) : lose(life(proc, Life.UP));
        return new Step("wakes", p, -1, null, with(state, p, awake));
    }

    /** It forgets its identity; calls are broken off, results that are not recorded yet are thrown away. */
    private static Proc lose(Proc proc) {
        return new Proc(proc.life(), false, 0, proc.row(), proc.answer(), idle(proc));
    }

    private static Proc crash(Proc proc) {
        return new Proc(Life.DOWN, false, 0, proc.row(), -1, idle(proc));
    }

    private static List<Job> idle(Proc proc) {
        return proc.jobs().stream().map(job -> Job.NONE).toList();
    }

    /** A new row; what the old identity held stays with the old row until that expires. */
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
                        older(proc.answer()),
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
        return new Proc(life, proc.identity(), proc.trust(), proc.row(), proc.answer(), proc.jobs());
    }

    private static Proc beat(Proc proc, int row, int answer) {
        return new Proc(proc.life(), proc.identity(), proc.trust(), row, answer, proc.jobs());
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
                new Proc(proc.life(), proc.identity(), proc.trust(), proc.row(), proc.answer(), List.copyOf(jobs)));
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
