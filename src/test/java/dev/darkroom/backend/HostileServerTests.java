package dev.darkroom.backend;

import org.junit.jupiter.api.Test;

/** Tests of each protocol with servers that send unexpected values or quote requests. {@link SimulatorBackendFixture} implements them. */
public interface HostileServerTests {
    void assertMutatedResponsesCauseNoInternalErrors();

    void assertErrorTextsAreRedacted();

    @Test
    default void mutatedResponsesCauseNoInternalErrors() {
        assertMutatedResponsesCauseNoInternalErrors();
    }

    @Test
    default void errorTextsAreRedacted() {
        assertErrorTextsAreRedacted();
    }
}
