package dev.darkroom;

/** Entry point. */
public final class Darkroom {
    private Darkroom() {}

    public static void main(String[] args) {}
}
