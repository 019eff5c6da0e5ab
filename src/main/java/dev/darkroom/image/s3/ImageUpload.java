package dev.darkroom.image.s3;

import dev.darkroom.image.ChunkedBytes;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;
import software.amazon.awssdk.core.async.AsyncRequestBody;

/** The body of an upload. Passes the chunks of an image on demand, without copying them. May be subscribed again for a retry. */
record ImageUpload(ChunkedBytes bytes) implements AsyncRequestBody {
    @Override
    public Optional<Long> contentLength() {
        return Optional.of((long) bytes.length());
    }

    @Override
    public void subscribe(Subscriber<? super ByteBuffer> subscriber) {
        subscriber.onSubscribe(new Chunks(subscriber));
    }

    /** Passes chunks on the thread that requests them. A request during a pass is served by the running loop. */
    private final class Chunks implements Subscription {
        private final Subscriber<? super ByteBuffer> subscriber;
        private final AtomicLong demand = new AtomicLong();
        private final AtomicBoolean ended = new AtomicBoolean();
        /** Written only by the thread that serves the demand. */
        private int position;

        Chunks(Subscriber<? super ByteBuffer> subscriber) {
            this.subscriber = subscriber;
        }

        @Override
        public void request(long count) {
            if (count <= 0) {
                end(() -> subscriber.onError(new IllegalArgumentException("demand " + count)));
            } else if (demand.getAndAccumulate(count, Chunks::addCapped) == 0) {
                serve();
            }
        }

        private static long addCapped(long demand, long count) {
            return demand + count < 0 ? Long.MAX_VALUE : demand + count;
        }

        private void serve() {
            do {
                if (!ended.get() && position < bytes.length()) {
                    ByteBuffer chunk = bytes.chunkFrom(position);
                    position += chunk.remaining();
                    subscriber.onNext(chunk);
                }
                if (position >= bytes.length()) {
                    end(subscriber::onComplete);
                }
            } while (demand.decrementAndGet() > 0);
        }

        private void end(Runnable signal) {
            if (ended.compareAndSet(false, true)) {
                signal.run();
            }
        }

        @Override
        public void cancel() {
            ended.set(true);
        }
    }
}
