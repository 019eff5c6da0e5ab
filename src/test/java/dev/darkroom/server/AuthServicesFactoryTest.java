package dev.darkroom.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.auth.Principal;
import dev.darkroom.config.InboundSettings.AuthMode;
import dev.darkroom.config.TestSettings;
import java.net.URI;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class AuthServicesFactoryTest {
    private static Principal anonymous(AuthMode auth, boolean allowUnauthenticatedRemote) {
        return AuthServicesFactory.anonymous(TestSettings.with(
                TestSettings.DEFAULTS, "auth", auth, "allowUnauthenticatedRemote", allowUnauthenticatedRemote));
    }

    @Test
    @DisplayName("Without a credential, only the machine itself has the admin role")
    void givesTheAdminRoleOnlyToTheMachineItself() {
        assertThat(anonymous(AuthMode.LOCAL, false)).isEqualTo(Principal.LOCAL_ADMIN);
        assertThat(anonymous(AuthMode.LOCAL, true)).isEqualTo(Principal.LOCAL_USER);
        assertThat(AuthServicesFactory.anonymous(TestSettings.with(
                        TestSettings.DEFAULTS, "publicUrl", URI.create("https://images.example.org"))))
                .isEqualTo(Principal.LOCAL_USER);
        assertThat(anonymous(AuthMode.REQUIRED, false)).isNull();
        assertThat(anonymous(AuthMode.REQUIRED, true)).isNull();
    }
}
