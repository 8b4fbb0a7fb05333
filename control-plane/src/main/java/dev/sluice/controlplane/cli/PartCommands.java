package dev.sluice.controlplane.cli;

import dev.sluice.controlplane.server.Logging;
import dev.sluice.controlplane.server.PartsConfig;
import dev.sluice.controlplane.server.SinglePart;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** One part alone: {@code sluice pageserver --config FILE} and the like. */
final class PartCommands {
    private PartCommands() {}

    /** What they have in common. */
    abstract static class PartCommand implements Callable<Integer> {
        @Option(
                names = "--config",
                paramLabel = "FILE",
                required = true,
                description = "The configuration, JSON.")
        private Path config = Path.of("");

        @Option(
                names = {"--verbose", "-v"},
                description = "Log more.")
        private boolean verbose;

        @Option(
                names = "--supervised",
                hidden = true,
                description = "End when the standard input does.")
        private boolean supervised;

        /** Unique among the parts, and its log's name. */
        abstract String name();

        /** Starts the part. Returns what is said with {@code ready}. */
        abstract String start(SinglePart part) throws IOException;

        @Override
        public Integer call() throws IOException, InterruptedException {
            PartsConfig parts = configuration();
            try {
                Path logs = Path.of(parts.data()).resolve("logs");
                Logging.toFile(logs.resolve(name() + ".log"), verbose);
                SinglePart part = new SinglePart(parts, config, name(), StartReport::step);
                Runtime.getRuntime()
                        .addShutdownHook(
                                Thread.ofPlatform().name("shutdown").unstarted(part::close));
                String ready = start(part);
                StartReport.ready(ready);
                if (supervised) {
                    awaitEndOfInput();
                } else {
                    new CountDownLatch(1).await();
                }
                return 0;
            } catch (IOException | RuntimeException e) {
                LoggerFactory.getLogger(PartCommands.class).error("{} cannot start", name(), e);
                StartReport.failed(e);
                throw e;
            }
        }

        /** There is no log before it says where. */
        private PartsConfig configuration() throws IOException {
            try {
                return PartsConfig.read(config);
            } catch (IOException e) {
                StartReport.failed(e);
                throw e;
            }
        }

        /** The supervisor holds the other end: when it is gone, so is this. */
        private static void awaitEndOfInput() throws IOException {
            byte[] ignored = new byte[64];
            int read;
            do {
                read = System.in.read(ignored);
            } while (read >= 0);
        }
    }

    /** {@code sluice safekeeper}. */
    @Command(name = "safekeeper", description = "Run one safekeeper alone.")
    static final class SafekeeperCommand extends PartCommand {
        @Option(
                names = "--number",
                paramLabel = "N",
                required = true,
                description = "Which one, from 1.")
        private int number;

        @Override
        String name() {
            return "safekeeper-" + number;
        }

        @Override
        String start(SinglePart part) throws IOException {
            part.safekeeper(number);
            return "";
        }
    }

    /** {@code sluice pageserver}. */
    @Command(name = "pageserver", description = "Run the pageserver alone.")
    static final class PageserverCommand extends PartCommand {
        @Override
        String name() {
            return "pageserver";
        }

        @Override
        String start(SinglePart part) throws IOException {
            part.pageserver();
            return "";
        }
    }

    /** {@code sluice agent}. */
    @Command(name = "agent", description = "Run the compute agent alone.")
    static final class AgentCommand extends PartCommand {
        @Override
        String name() {
            return "agent";
        }

        @Override
        String start(SinglePart part) throws IOException {
            part.agent();
            return "";
        }
    }

    /** {@code sluice control-plane}. */
    @Command(name = "control-plane", description = "Run the control plane alone.")
    static final class ControlPlaneCommand extends PartCommand {
        @Override
        String name() {
            return "control-plane";
        }

        @Override
        String start(SinglePart part) throws IOException {
            SinglePart.ControlPlaneReady ready = part.controlPlane(StartReport::step);
            return ready.apiUrl() + " " + ready.connectionString();
        }
    }

    /** {@code sluice gateway}. */
    @Command(name = "gateway", description = "Run the gateway alone.")
    static final class GatewayCommand extends PartCommand {
        @Override
        String name() {
            return "gateway";
        }

        @Override
        String start(SinglePart part) throws IOException {
            part.gateway();
            return "";
        }
    }
}
