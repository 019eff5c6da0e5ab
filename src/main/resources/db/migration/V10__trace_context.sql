-- Trace context (W3C Trace Context) of the acceptance of a generation, for its attempts and webhook deliveries in any process. Null without
-- tracing, and for generations that an earlier version stored.

ALTER TABLE generations
    ADD COLUMN traceparent text,                              -- trace id, span id and sampled flag
    ADD COLUMN tracestate  text;                              -- of other tracing systems; null when there is none
