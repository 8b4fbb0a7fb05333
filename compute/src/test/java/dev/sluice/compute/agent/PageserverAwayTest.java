package dev.sluice.compute.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.compute.binaries.PreparedDirectory;
import dev.sluice.storage.pageserver.PageServiceClient;
import dev.sluice.storage.pageserver.PageServiceServer;
import dev.sluice.storage.pageserver.PageserverAwayException;
import dev.sluice.wire.part.PartAddress;
import dev.sluice.wire.part.PartNetwork;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A pageserver that is away is waited for, by a compute's start and by who reads its pages. */
class PageserverAwayTest {
    @TempDir Path folder;
    private TestStack stack;
    private PartAddress.Unix address;
    private PageServiceClient client;
    private PageServiceServer server;

    @BeforeEach
    void start() throws Exception {
        stack = new TestStack(folder);
        address = new PartAddress.Unix(folder.resolve("pages"));
        server = PageServiceServer.start(stack.pageserver, PartNetwork.PLAIN, address);
        client = new PageServiceClient(address);
        stack.reopenAgent(stack.config, client);
    }

    @AfterEach
    void stop() throws Exception {
        stack.close();
        client.close();
        server.close();
    }

    /** Runs it while nobody answers, until it has tried in vain; then the pageserver is back. */
    private <T> T meanwhile(Callable<T> work) throws Exception {
        server.close();
        FutureTask<T> running = new FutureTask<>(work);
        try (ServerSocketChannel nobody = ServerSocketChannel.open(address.family())) {
            nobody.bind(address.socketAddress());
            Thread.ofVirtual().start(running);
            nobody.accept().close();
            nobody.accept().close();
        }
        assertThat(running.isDone()).isFalse();
        Files.deleteIfExists(address.path());
        server = PageServiceServer.start(stack.pageserver, PartNetwork.PLAIN, address);
        return running.get();
    }

    @Test
    void aStartWaitsForIt() throws Exception {
        RunningCompute compute = meanwhile(stack::start);
        assertThat(TestStack.query(compute, "SELECT 1")).isEqualTo("1");
    }

    @Test
    void aReadWaitsForIt() throws Exception {
        TestStack.execute(
                stack.start(), "CREATE TABLE t AS SELECT i FROM generate_series(1, 5000) i");
        Path data = stack.agent.suspend("ep-main").orElseThrow().data();
        PreparedDirectory.deleteTree(data);
        RunningCompute compute = stack.start();
        assertThat(meanwhile(() -> TestStack.query(compute, "SELECT count(*) FROM t")))
                .isEqualTo("5000");
    }

    @Test
    void aStartThatHasWaitedLongSaysForWhom() throws Exception {
        stack.reopenAgent(stack.config.withIngestLimit(Duration.ofMillis(200)), client);
        server.close();
        assertThatThrownBy(stack::start)
                .isInstanceOf(PageserverAwayException.class)
                .hasMessageContaining("the pageserver is away")
                .hasMessageContaining(address.toString());
        server = PageServiceServer.start(stack.pageserver, PartNetwork.PLAIN, address);
        assertThat(TestStack.query(stack.start(), "SELECT 1")).isEqualTo("1");
    }
}
