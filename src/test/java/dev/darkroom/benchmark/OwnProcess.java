package dev.darkroom.benchmark;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.OptionalLong;

/** The process of the benchmark, for systems that are libraries. */
final class OwnProcess implements MeasuredProcess {
    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    @Override
    public Duration cpu() {
        return ProcessCpuTime.ofProcess(ProcessHandle.current());
    }

    /** Returns the bytes allocated by all live threads. The threads of the libraries do not end during a round. */
    @Override
    public OptionalLong allocatedBytes() {
        long sum = 0;
        for (long bytes : threads.getThreadAllocatedBytes(threads.getAllThreadIds())) {
            sum += Math.max(0, bytes);
        }
        return OptionalLong.of(sum);
    }
}
