package dev.darkroom.backend.fal;

import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.http.ImageSource;
import dev.darkroom.http.OutboundResponse;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;

/**
 * Result of a request. Immutable.
 *
 * @param images the requested number of images; empty for a failure
 * @param failure null for a success
 * @param usage that fal reports; empty for none
 */
record FalResult(List<ImageSource> images, BackendFailure failure, Map<String, BigDecimal> usage) {
    /** Header with what a request costs, in units of the model. */
    private static final String BILLABLE_UNITS = "X-Fal-Billable-Units";

    static FalResult failed(BackendFailure failure, OutboundResponse response) {
        return new FalResult(List.of(), failure.withHttpStatus(response.status()), usage(response));
    }

    static FalResult succeeded(List<ImageSource> images, OutboundResponse response) {
        return new FalResult(images, null, usage(response));
    }

    private static Map<String, BigDecimal> usage(OutboundResponse response) {
        String units = response.headers().get(BILLABLE_UNITS);
        return units != null && units.matches("\\d{1,12}(\\.\\d{1,12})?")
                ? Map.of("billable_units", new BigDecimal(units))
                : Map.of();
    }
}
