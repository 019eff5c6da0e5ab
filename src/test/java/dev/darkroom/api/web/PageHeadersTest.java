package dev.darkroom.api.web;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.image.store.ImageStore;
import dev.darkroom.image.store.ImageStoreStub;
import io.vertx.core.Future;
import java.net.URI;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PageHeadersTest {
    private static String policy(String publicUrl, Set<String> imageOrigins) {
        return new PageHeaders(() -> publicUrl, imageOrigins).contentSecurityPolicy();
    }

    @Test
    void allowsImagesOfThePublicUrlAndOfTheBucketOnly() {
        assertThat(policy("https://Images.example.org:8443/darkroom", Set.of("https://bucket.s3.example.com")))
                .isEqualTo("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:"
                        + " https://images.example.org:8443 https://bucket.s3.example.com; connect-src 'self'; font-src"
                        + " 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
    }

    @Test
    void namesEachOriginOnce() {
        assertThat(policy("https://images.example.org", Set.of("https://images.example.org")))
                .contains("img-src 'self' data: blob: https://images.example.org;");
    }

    @Test
    void leavesOutIpv6Addresses() {
        assertThat(policy("http://[::1]:8080", Set.of())).contains("img-src 'self' data: blob:; connect-src");
    }

    @ParameterizedTest
    @CsvSource({
        "https://bucket.s3.example.com/3f/image.png?X-Amz-Signature=1, https://bucket.s3.example.com",
        "http://127.0.0.1:9000/bucket/3f/image.png, http://127.0.0.1:9000",
        "https://cdn.example.org/images/3f/image.png, https://cdn.example.org"
    })
    void findsTheOriginOfRedirects(String url, String origin) {
        // given
        ImageStore images = new ImageStoreStub() {
            @Override
            public Future<Optional<URI>> downloadUrl(String key) {
                return Future.succeededFuture(Optional.of(URI.create(url)));
            }
        };

        // when
        Optional<URI> found = images.downloadOrigin().result();

        // then
        assertThat(found.map(PageHeaders::origin)).contains(origin);
    }

    @Test
    void storeWithoutRedirectsHasNoOrigin() {
        assertThat(new ImageStoreStub().downloadOrigin().result()).isEmpty();
    }
}
