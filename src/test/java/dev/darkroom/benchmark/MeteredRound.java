package dev.darkroom.benchmark;

/**
 * Measurements of one round of {@link MeteredServices}.
 *
 * @param rate requests per second with metrics, while only this service has load
 * @param baseRate as {@code rate}, without metrics
 * @param with costs with metrics; all costs are measured while the services receive requests in turn
 * @param without costs without metrics
 * @param again costs of the other process without metrics
 */
record MeteredRound(double rate, double baseRate, Cost with, Cost without, Cost again) {

    /**
     * Costs of the requests.
     *
     * @param cpu CPU time in microseconds
     * @param bytes allocated
     */
    record Cost(double cpu, double bytes) {
        Cost minus(Cost before) {
            return new Cost(cpu - before.cpu, bytes - before.bytes);
        }

        Cost dividedBy(double requests) {
            return new Cost(cpu / requests, bytes / requests);
        }
    }
}
