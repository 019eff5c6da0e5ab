package dev.darkroom.backend.openai;

import dev.darkroom.backend.Call;
import dev.darkroom.backend.Failure;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.backend.HealthCheck;
import dev.darkroom.backend.ImageBackend;
import dev.darkroom.backend.ImageRequest;
import dev.darkroom.backend.Outcome;
import dev.darkroom.backend.http.Answer;
import dev.darkroom.backend.http.AnswerMemory;
import dev.darkroom.backend.http.CallFailedException;
import dev.darkroom.backend.http.CallScope;
import dev.darkroom.backend.http.ContentCoding;
import dev.darkroom.backend.http.HttpCaller;
import dev.darkroom.backend.http.PictureDownload;
import dev.darkroom.backend.http.Redactor;
import dev.darkroom.config.Settings;
import dev.darkroom.config.Settings.BodyField;
import dev.darkroom.egress.Destination;
import dev.darkroom.egress.DnsNames;
import dev.darkroom.egress.Egress;
import dev.darkroom.egress.OutboundUrl;
import dev.darkroom.egress.RetryAfter;
import dev.darkroom.image.Blocks;
import dev.darkroom.image.NotAPictureException;
import dev.darkroom.image.Picture;
import dev.darkroom.image.PictureInspector;
import io.vertx.core.CompositeFuture;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An AI server that speaks the OpenAI Images protocol: {@code POST {base}/images/generations}. Thread-safe; each call
 * stays on the context on which it was made. Parsing, decoding and looking at pictures happen on worker threads
 * ("darkroom-pictures").
 *
 * <p>Source: OpenAI API reference, "Create image"; {@code negative_prompt} and {@code seed} are extensions that many
 * servers of the protocol know.
 */
public final class OpenAiImagesBackend implements ImageBackend {
    private static final Logger LOG = LoggerFactory.getLogger(OpenAiImagesBackend.class);
    private static final int THREADS = 2;
    private static final int ACCEPTED = 202;

    /** A longer answer is cut off, and is an answer. */
    private static final int MAX_HEALTH_BYTES = 1 << 16;

    private final Vertx vertx;
    private final AnswerMemory memory;
    private final Settings.Backend settings;
    private final Destination endpoint;
    private final Destination healthCheck;
    private final HttpCaller http;
    private final PictureDownload downloads;
    private final WorkerExecutor workers;
    private final PicturesReader reader;
    private final OpenAiErrors errors;
    private final Redactor redactor;
    /** Learned once: what refused these fields refuses them always. */
    private volatile boolean extensionsRefused;

    private final Set<Call> calls = ConcurrentHashMap.newKeySet();

    /**
     * @param base ends in {@code /v1}; where the AI server really is, as the settings may leave it open
     * @param memory shared by all backends of the process
     * @param maxHeaderBytes the largest head of an answer
     */
    public OpenAiImagesBackend(
            Vertx vertx, Settings.Backend settings, URI base, AnswerMemory memory, int maxHeaderBytes) {
        this.vertx = vertx;
        this.memory = memory;
        this.settings = settings;
        String root = base.toString().replaceAll("/+$", "");
        this.endpoint = Destination.configured(OutboundUrl.of(URI.create(root + "/images/generations")));
        String path = settings.breaker().healthCheck();
        this.healthCheck = path == null ? null : Destination.configured(OutboundUrl.of(URI.create(root + path)));
        this.http = new HttpCaller(vertx, settings.connectTimeout(), maxHeaderBytes);
        Egress egress = new Egress(
                new Egress.Rules(settings.downloadNetworks(), true, List.of()),
                new DnsNames(vertx, true),
                endpoint.url());
        this.downloads = new PictureDownload(http, settings, egress);
        this.workers = vertx.createSharedWorkerExecutor("darkroom-pictures", THREADS);
        this.reader = new PicturesReader(settings.maxPictureBytes());
        this.redactor = new Redactor(settings.apiKey());
        this.errors = new OpenAiErrors(new RetryAfter(Clock.systemUTC()), redactor);
    }

    @Override
    public String name() {
        return settings.name();
    }

    @Override
    public Future<Outcome> generate(ImageRequest request, Call call) {
        calls.add(call);
        return CallScope.run(vertx, memory, request.key(), call, scope -> submit(scope, request))
                .map(this::redacted)
                .onComplete(done -> calls.remove(call));
    }

    /** A path that is unknown there, or credentials that are refused, are answers too: the server is at work. */
    @Override
    public Future<HealthCheck> checkHealth(Duration limit) {
        if (healthCheck == null) {
            return Future.succeededFuture(HealthCheck.PASSED);
        }
        Promise<HealthCheck> result = Promise.promise();
        Call call = new Call(limit);
        CallScope.run(vertx, memory, "health check", call, scope -> {
                    HttpCaller.Request get = new HttpCaller.Request(HttpMethod.GET, healthCheck, headers(), null);
                    return http.send(scope, get, MAX_HEALTH_BYTES, scope.remaining())
                            .onSuccess(answer -> result.tryComplete(
                                    answer.status() >= 500 ? HealthCheck.FAILED : HealthCheck.PASSED))
                            .map(answer -> new Outcome.Generated(List.of()));
                })
                .onComplete(done -> {
                    call.finish();
                    result.tryComplete(HealthCheck.UNREACHABLE);
                });
        return result.future();
    }

    private MultiMap headers() {
        MultiMap headers = MultiMap.caseInsensitiveMultiMap().add(HttpHeaders.ACCEPT, "application/json");
        return settings.apiKey().isPresent()
                ? headers.add(
                        HttpHeaders.AUTHORIZATION, "Bearer " + settings.apiKey().value())
                : headers;
    }

    private Future<Outcome> submit(CallScope scope, ImageRequest request) {
        MultiMap headers =
                headers().add(HttpHeaders.CONTENT_TYPE, "application/json").add("Idempotency-Key", request.key());
        Set<BodyField> fields = fields(request.model());
        return post(scope, request, headers, fields)
                .compose(coded -> {
                    // An error is small enough for the event loop.
                    Answer answer = coded.success() ? coded : ContentCoding.decode(coded, settings.maxResponseBytes());
                    boolean again = settings.bodyFields() == null
                            && fields.removeAll(OpenAiRequest.EXTENSIONS)
                            && errors.refusesExtensions(answer);
                    if (!again) {
                        return Future.succeededFuture(answer);
                    }
                    extensionsRefused = true;
                    LOG.atInfo().addKeyValue("backend", name()).log("seed and response_format refused, no longer sent");
                    return post(scope, request, headers, fields);
                })
                .compose(answer -> workers.executeBlocking(() -> read(answer, request.count()), false))
                .compose(entries -> pictures(scope, entries))
                .map(Outcome.Generated::new);
    }

    /** The optional fields to send. The caller may change the set. */
    private Set<BodyField> fields(String model) {
        Set<BodyField> fields =
                settings.bodyFields() == null ? OpenAiRequest.fields(model) : EnumSet.noneOf(BodyField.class);
        if (settings.bodyFields() != null) {
            fields.addAll(settings.bodyFields());
        } else if (extensionsRefused) {
            fields.removeAll(OpenAiRequest.EXTENSIONS);
        }
        return fields;
    }

    private Future<Answer> post(CallScope scope, ImageRequest request, MultiMap headers, Set<BodyField> fields) {
        Buffer body =
                OpenAiRequest.of(request, settings.promptControls(), fields).toBuffer();
        return http.send(
                scope,
                new HttpCaller.Request(HttpMethod.POST, endpoint, headers, body),
                settings.maxResponseBytes(),
                scope.remaining());
    }

    private Future<List<Picture>> pictures(CallScope scope, List<AnnouncedPicture> entries) {
        List<Future<Picture>> pictures =
                entries.stream().map(entry -> picture(scope, entry)).toList();
        // The first that fails ends the call; the others may still be looked at.
        scope.holdUntil(Future.join(pictures));
        return Future.all(pictures).map(CompositeFuture::list);
    }

    private List<AnnouncedPicture> read(Answer coded, int count) {
        Answer answer = ContentCoding.decode(coded, settings.maxResponseBytes());
        if (!answer.success()) {
            throw new CallFailedException(errors.of(answer));
        }
        try {
            return announced(answer, count);
        } catch (CallFailedException e) {
            throw new CallFailedException(e.failure().withHttpStatus(answer.status()));
        }
    }

    private List<AnnouncedPicture> announced(Answer answer, int count) {
        if (answer.cutOff()) {
            throw empty("RESPONSE_TOO_LARGE", "The AI server's answer is larger than allowed.", null);
        }
        if (answer.body().length() == 0) {
            throw empty("EMPTY_RESPONSE", "The AI server reported success without a picture.", null);
        }
        Buffer start = answer.start();
        try {
            return reader.read(answer.body(), count);
        } catch (ErrorInAnswerException e) {
            throw new CallFailedException(errors.insideSuccess(answer, e.error()));
        } catch (CallFailedException e) {
            boolean empty = e.failure().code().equals("EMPTY_RESPONSE");
            Failure refusal = empty ? errors.refusal(answer, start) : null;
            throw refusal != null
                    ? new CallFailedException(refusal)
                    : empty && answer.status() == ACCEPTED ? PicturesReader.task() : e;
        }
    }

    private Future<Picture> picture(CallScope scope, AnnouncedPicture entry) {
        if (entry instanceof AnnouncedPicture.Link link) {
            return downloads
                    .fetch(scope, link.url())
                    .compose(answer -> workers.executeBlocking(() -> inspect(answer), false));
        }
        Blocks bytes = ((AnnouncedPicture.Inline) entry).bytes();
        return workers.executeBlocking(() -> inspect(bytes), false);
    }

    private Picture inspect(Answer download) {
        Answer decoded = ContentCoding.decode(download, settings.maxPictureBytes());
        if (decoded.cutOff()) {
            throw empty("RESPONSE_TOO_LARGE", "The announced picture is larger than allowed.", null);
        }
        return inspect(decoded.body());
    }

    private Picture inspect(Blocks bytes) {
        try {
            return PictureInspector.inspect(bytes, settings.maxPictureBytes());
        } catch (NotAPictureException e) {
            throw empty("NOT_A_PICTURE", "The AI server sent something that is no whole picture.", e.getMessage());
        }
    }

    /** Details from below HTTP name hosts and exceptions; they go through the same sieve as what the AI server said. */
    private Outcome redacted(Outcome outcome) {
        if (outcome instanceof Outcome.Failed failed) {
            Failure failure = failed.failure();
            return new Outcome.Failed(failure.withDetail(redactor.clean(failure.detail())));
        }
        return outcome;
    }

    private static CallFailedException empty(String code, String message, String detail) {
        return new CallFailedException(
                Failure.of(FailureClass.EMPTY_SUCCESS, code, message).withDetail(detail));
    }

    @Override
    public Future<Void> close() {
        calls.forEach(Call::abort);
        http.close();
        return workers.close();
    }
}
