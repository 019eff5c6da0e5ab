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
    private final ExternalProcess externalProcess;
    private final JMXConnector connector;
    private final MBeanServerConnection beans;
    private final ThreadMXBean threads;

    @SuppressWarnings("BanJNDI") // The address is that of a process which we have started.
    private JavaProcess(ExternalProcess externalProcess) throws IOException {
        this.externalProcess = externalProcess;
        this.connector = JMXConnectorFactory.connect(new JMXServiceURL(managementAddress(externalProcess)));
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
        List<String> command = new ArrayList<>();
        command.add(javaExecutable());
        command.addAll(flags);
        command.addAll(arguments);
        ExternalProcess externalProcess = ExternalProcess.start(directory, command, environment, ready);
        boolean watched = false;
        try {
            JavaProcess process = new JavaProcess(externalProcess);
            watched = true;
            return process;
        } finally {
            if (!watched) {
                externalProcess.close();
            }
        }
    }

    /** The virtual machine that we run in. */
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

    /** What its threads have allocated so far. Threads that ended are forgotten, but none of those that matter do. */
    long allocatedBytes() {
        long sum = 0;
        for (long bytes : threads.getThreadAllocatedBytes(threads.getAllThreadIds())) {
            sum += Math.max(0, bytes);
        }
        return sum;
    }

    /** What is alive on its heap, and what it has outside, for its sockets. */
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

    /** How many threads it has. */
    int threads() {
        return threads.getThreadCount();
    }

    /** The time of processors that it has used, which is counted in hundredths of a second. */
    Duration cpu() {
        return ProcessCpuTime.ofProcess(externalProcess.handle());
    }

    /** Records where its threads are, a hundred times a second, while {@code work} runs. */
    void recordProfile(Path recording, Work work) throws Exception {
        runDiagnosticCommand("jfrStart", "name=benchmark", "settings=profile");
        work.run();
        runDiagnosticCommand("jfrStop", "name=benchmark", "filename=" + recording.toAbsolutePath());
    }

    /** Something to be recorded. */
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
            // It was killed, and says goodbye to nobody.
        }
        externalProcess.close();
    }
}
