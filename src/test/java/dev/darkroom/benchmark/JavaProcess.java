package dev.darkroom.benchmark;

import com.sun.management.ThreadMXBean;
import com.sun.tools.attach.AttachNotSupportedException;
import com.sun.tools.attach.VirtualMachine;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.management.JMException;
import javax.management.MBeanServerConnection;
import javax.management.ObjectName;
import javax.management.remote.JMXConnector;
import javax.management.remote.JMXConnectorFactory;
import javax.management.remote.JMXServiceURL;

/**
 * A virtual machine of its own, with the same flags as all others of the benchmark. Its output goes to a file, as that of a
 * service does. The methods block.
 */
final class JavaProcess implements AutoCloseable {
    private static final Duration START = Duration.ofSeconds(60);

    private final Process process;
    private final Path output;
    private final JMXConnector connector;
    private final MBeanServerConnection beans;
    private final ThreadMXBean threads;

    @SuppressWarnings("BanJNDI") // The address is that of a process which we have started.
    private JavaProcess(Process process, Path output) throws IOException {
        this.process = process;
        this.output = output;
        this.connector = JMXConnectorFactory.connect(new JMXServiceURL(managementAddress(process)));
        this.beans = connector.getMBeanServerConnection();
        this.threads = ManagementFactory.newPlatformMXBeanProxy(
                beans, ManagementFactory.THREAD_MXBEAN_NAME, ThreadMXBean.class);
    }

    /**
     * Starts one and waits until it says that it is ready.
     *
     * @param flags the same for all
     * @param ready an expression that its output comes to contain
     */
    static JavaProcess start(
            Path directory, List<String> flags, List<String> arguments, Map<String, String> environment, String ready)
            throws IOException, InterruptedException {
        Files.createDirectories(directory);
        Path output = directory.resolve("output.log");
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(flags);
        command.addAll(arguments);
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile());
        builder.environment().keySet().removeIf(name -> name.startsWith("DARKROOM_"));
        builder.environment().putAll(environment);
        Process process = builder.start();
        boolean started = false;
        try {
            await(process, output, ready);
            JavaProcess java = new JavaProcess(process, output);
            started = true;
            return java;
        } finally {
            if (!started) {
                process.destroy();
            }
        }
    }

    private static void await(Process process, Path output, String ready) throws IOException, InterruptedException {
        Pattern pattern = Pattern.compile(ready);
        long end = System.nanoTime() + START.toNanos();
        while (!pattern.matcher(Files.readString(output)).find()) {
            if (!process.isAlive() || System.nanoTime() > end) {
                throw new IllegalStateException("did not start: " + Files.readString(output));
            }
            Thread.sleep(20);
        }
    }

    private static String managementAddress(Process process) throws IOException {
        try {
            VirtualMachine machine = VirtualMachine.attach(String.valueOf(process.pid()));
            try {
                return machine.startLocalManagementAgent();
            } finally {
                machine.detach();
            }
        } catch (AttachNotSupportedException e) {
            throw new IOException(e);
        }
    }

    /** What the first group of an expression is in its output. */
    String said(String expression) {
        try {
            Matcher matcher = Pattern.compile(expression).matcher(Files.readString(output));
            if (!matcher.find()) {
                throw new IllegalStateException("no " + expression + " in " + output);
            }
            return matcher.group(1);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What its threads have allocated so far. Threads that ended are forgotten, but none of those that matter do. */
    long allocatedBytes() {
        long sum = 0;
        for (long bytes : threads.getThreadAllocatedBytes(threads.getAllThreadIds())) {
            sum += Math.max(0, bytes);
        }
        return sum;
    }

    /** The time of processors that it has used, which is counted in hundredths of a second. */
    Duration cpu() {
        return Cpu.of(process.toHandle());
    }

    /** Records where its threads are, a hundred times a second, while {@code work} runs. */
    void record(Path recording, Work work) throws Exception {
        diagnose("jfrStart", "name=benchmark", "settings=profile");
        work.run();
        diagnose("jfrStop", "name=benchmark", "filename=" + recording.toAbsolutePath());
    }

    /** Something to be recorded. */
    interface Work {
        void run() throws Exception;
    }

    private void diagnose(String command, String... arguments) throws IOException, JMException {
        beans.invoke(
                new ObjectName("com.sun.management:type=DiagnosticCommand"),
                command,
                new Object[] {arguments},
                new String[] {String[].class.getName()});
    }

    @Override
    public void close() throws IOException, InterruptedException {
        connector.close();
        process.destroy();
        if (!process.waitFor(30, TimeUnit.SECONDS)) {
            process.destroyForcibly();
        }
    }
}
