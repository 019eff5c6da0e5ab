package dev.darkroom.benchmark;

import com.sun.management.ThreadMXBean;
import com.sun.tools.attach.AttachNotSupportedException;
import com.sun.tools.attach.VirtualMachine;
import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import javax.management.JMException;
import javax.management.MBeanServerConnection;
import javax.management.ObjectName;
import javax.management.remote.JMXConnector;
import javax.management.remote.JMXConnectorFactory;
import javax.management.remote.JMXServiceURL;

/**
 * Java child process, observed by JMX. Its output goes to a file. All methods block.
 */
final class JavaProcess implements MeasuredProcess, AutoCloseable {
    private final ExternalProcess externalProcess;
    private final JMXConnector connector;
    private final MBeanServerConnection beans;
    private final ThreadMXBean threads;

    @SuppressWarnings("BanJNDI") // The address belongs to a child process of the benchmark.
    private JavaProcess(ExternalProcess externalProcess) throws IOException {
        this.externalProcess = externalProcess;
        this.connector = JMXConnectorFactory.connect(new JMXServiceURL(managementAddress(externalProcess)));
        this.beans = connector.getMBeanServerConnection();
        this.threads = ManagementFactory.newPlatformMXBeanProxy(
                beans, ManagementFactory.THREAD_MXBEAN_NAME, ThreadMXBean.class);
    }

    /**
     * Starts a process and waits until it is ready.
     *
     * @param flags JVM flags
     * @param ready regular expression for the output of a ready process
     */
    static JavaProcess start(
            Path directory, List<String> flags, List<String> arguments, Map<String, String> environment, String ready)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(javaExecutable());
        command.addAll(flags);
        command.addAll(arguments);
        ExternalProcess externalProcess = ExternalProcess.start(directory, command, environment, ready);
        boolean connected = false;
        try {
            JavaProcess process = new JavaProcess(externalProcess);
            connected = true;
            return process;
        } finally {
            if (!connected) {
                externalProcess.close();
            }
        }
    }

    /** Returns the path of the Java executable of this process. */
    static String javaExecutable() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }

    private static String managementAddress(ExternalProcess externalProcess) throws IOException {
        try {
            VirtualMachine machine = VirtualMachine.attach(
                    String.valueOf(externalProcess.handle().pid()));
            try {
                return machine.startLocalManagementAgent();
            } finally {
                machine.detach();
            }
        } catch (AttachNotSupportedException e) {
            throw new IOException(e);
        }
    }

    String outputValue(String expression) {
        return externalProcess.outputValue(expression);
    }

    /** Returns the bytes allocated by all live threads so far. The event loops and workers of the service never end. */
    @Override
    public OptionalLong allocatedBytes() {
        long sum = 0;
        for (long bytes : threads.getThreadAllocatedBytes(threads.getAllThreadIds())) {
            sum += Math.max(0, bytes);
        }
        return OptionalLong.of(sum);
    }

    /**
     * Returns the CPU time of all live Java threads so far. Unlike {@link #cpu()}, it is counted in nanoseconds, and without the threads of the
     * JIT compiler and the garbage collector.
     */
    Duration threadCpu() {
        long sum = 0;
        for (long nanos : threads.getThreadCpuTime(threads.getAllThreadIds())) {
            sum += Math.max(0, nanos);
        }
        return Duration.ofNanos(sum);
    }

    /** Runs a full collection and returns the bytes of the live heap plus direct buffers. */
    long memoryBytes() throws IOException {
        MemoryMXBean memory = ManagementFactory.newPlatformMXBeanProxy(
                beans, ManagementFactory.MEMORY_MXBEAN_NAME, MemoryMXBean.class);
        memory.gc();
        long sum = memory.getHeapMemoryUsage().getUsed();
        for (BufferPoolMXBean pool : ManagementFactory.getPlatformMXBeans(beans, BufferPoolMXBean.class)) {
            sum += pool.getMemoryUsed();
        }
        return sum;
    }

    ProcessHandle handle() {
        return externalProcess.handle();
    }

    /** Returns the number of live threads. */
    int threads() {
        return threads.getThreadCount();
    }

    @Override
    public Duration cpu() {
        return externalProcess.cpu();
    }

    /** Records a JFR profile with 100 samples per second while {@code work} runs. */
    void recordProfile(Path recording, Work work) throws Exception {
        runDiagnosticCommand("jfrStart", "name=benchmark", "settings=profile");
        work.run();
        runDiagnosticCommand("jfrStop", "name=benchmark", "filename=" + recording.toAbsolutePath());
    }

    /** Work to profile. */
    interface Work {
        void run() throws Exception;
    }

    private void runDiagnosticCommand(String command, String... arguments) throws IOException, JMException {
        beans.invoke(
                new ObjectName("com.sun.management:type=DiagnosticCommand"),
                command,
                new Object[] {arguments},
                new String[] {String[].class.getName()});
    }

    @Override
    public void close() throws InterruptedException {
        try {
            connector.close();
        } catch (IOException e) {
            // The process was killed.
        }
        externalProcess.close();
    }
}
