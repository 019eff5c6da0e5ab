package dev.darkroom.comparison;

/**
 * One call of a client.
 *
 * @param number distinguishes the runs, from 100 to 999
 */
record Run(int number, Route route, OpenAiSdk sdk, UpstreamFault fault) {

    /** Returns the API key with which the simulator is called. It selects the step of the script. */
    String apiKey() {
        return "sk-run-" + number;
    }

    /** Returns the prompt, which the simulator logs. */
    String prompt() {
        return "a pier, run " + number;
    }

    /** Returns the name of the model at a gateway. */
    String model() {
        return "run-" + number;
    }
}
