package dev.darkroom.docs;

import java.util.Map;

/** Addresses and directories: what the pages show for those of a run. */
final class PlaceholderSubstitution {
    private PlaceholderSubstitution() {}

    /** @param places what this run has, by what the pages show */
    static String toActual(String command, Map<String, String> places) {
        String result = command;
        for (Map.Entry<String, String> place : places.entrySet()) {
            result = result.replace(place.getKey(), place.getValue());
        }
        return result;
    }

    static String toDocumented(String output, Map<String, String> places) {
        String result = output;
        for (Map.Entry<String, String> place : places.entrySet()) {
            result = result.replace(place.getValue(), place.getKey());
        }
        return result;
    }
}
