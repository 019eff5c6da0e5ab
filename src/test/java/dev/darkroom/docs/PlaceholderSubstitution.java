package dev.darkroom.docs;

import java.util.Map;

/** Replaces addresses and directories of the pages by those of a run, and vice versa. */
final class PlaceholderSubstitution {
    private PlaceholderSubstitution() {}

    /** @param places values of this run by their text on the pages */
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
