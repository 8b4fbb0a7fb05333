package dev.sluice.storage.pageserver;

import dev.sluice.storage.basebackup.BaseBackup;
import dev.sluice.wire.part.PartAddress;
import dev.sluice.wire.part.PartChannel;
import dev.sluice.wire.part.PartFrame;
import dev.sluice.wire.part.PartNetwork;
import dev.sluice.wire.part.PartRole;
import dev.sluice.wire.part.PartServer;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves a {@link PageService} to other processes. Each connection carries one call at a time; a
 * call that fails is answered so, and the connection goes on.
 */
public final class PageServiceServer implements Closeable {
    private static final Logger log = LoggerFactory.getLogger(PageServiceServer.class);

    private final PageService service;
    private final PartServer server;

    private PageServiceServer(PageService service, PartNetwork network, PartAddress address)
            throws IOException {
        this.service = service;
        this.server =
                PartServer.start(
                        "pageserver",
                        address,
                        network.access(PartRole.AGENT, PartRole.CONTROL_PLANE),
                        this::converse);
    }

    /** For whoever can connect. */
    public static PageServiceServer start(PageService service, PartAddress address)
            throws IOException {
        return start(service, PartNetwork.PLAIN, address);
    }

    /**
     * @param service is not closed with the server
     */
    public static PageServiceServer start(
            PageService service, PartNetwork network, PartAddress address) throws IOException {
        return new PageServiceServer(service, network, address);
    }

    /** Where it listens, with the port it got. */
    public PartAddress address() {
        return server.address();
    }

    private void converse(PartChannel channel) throws IOException {
        PageBuffer pages = new PageBuffer();
        for (PartFrame frame = channel.receive(); frame != null; frame = channel.receive()) {
            PageServiceRequest request = PageServiceProtocol.request(frame);
            answer(channel, request, pages);
        }
    }

    private void answer(PartChannel channel, PageServiceRequest request, PageBuffer pages)
            throws IOException {
        PageServiceReply last;
        try {
            last =
                    switch (request) {
                        case PageServiceRequest.MakeBaseBackup r ->
                                send(channel, service.baseBackup(r.id(), r.at()));
                        case PageServiceRequest.ReadVersions r ->
                                send(channel, service.versions(r.id(), r.key(), r.at()));
                        default -> call(request, pages);
                    };
        } catch (IOException | RuntimeException e) {
            log.debug("{} failed", request, e);
            last = new PageServiceReply.Failed(e instanceof IOException ? message(e) : "" + e);
        }
        PageServiceProtocol.send(channel, last);
    }

    private static String message(Exception e) {
        return e.getMessage() == null ? e.toString() : e.getMessage();
    }

    private PageServiceReply call(PageServiceRequest request, PageBuffer pages) throws IOException {
        return switch (request) {
            case PageServiceRequest.Create r ->
                    new PageServiceReply.Position(
                            service.createTimeline(
                                    r.id(), Path.of(r.dataDirectory()), r.systemIdentifier()));
            case PageServiceRequest.Branch r -> {
                service.branchTimeline(r.parent(), r.child(), r.at());
                yield new PageServiceReply.Done();
            }
            case PageServiceRequest.Delete r -> {
                service.deleteTimeline(r.id());
                yield new PageServiceReply.Done();
            }
            case PageServiceRequest.Attach r -> {
                service.attachWal(r.id(), r.safekeepers());
                yield new PageServiceReply.Done();
            }
            case PageServiceRequest.Status r ->
                    new PageServiceReply.Statuses(List.of(service.status(r.id())));
            case PageServiceRequest.ListTimelines _ ->
                    new PageServiceReply.Statuses(service.timelines());
            case PageServiceRequest.WaitForLsn r -> {
                service.waitForLsn(r.id(), r.lsn(), r.limit());
                yield new PageServiceReply.Done();
            }
            case PageServiceRequest.ReadPages r -> readPages(r, pages);
            case PageServiceRequest.ReadKey r -> {
                byte[] bytes = service.read(r.id(), r.key(), r.at());
                yield new PageServiceReply.Content(bytes == null ? null : ByteBuffer.wrap(bytes));
            }
            case PageServiceRequest.MakeBaseBackup _, PageServiceRequest.ReadVersions _ ->
                    throw new IllegalArgumentException("answered in several frames: " + request);
        };
    }

    private PageServiceReply readPages(PageServiceRequest.ReadPages r, PageBuffer pages)
            throws IOException {
        if (r.count() <= 0 || r.count() > PageServiceProtocol.PAGES_MAX) {
            throw new IOException(
                    "asked for "
                            + r.count()
                            + " pages at once, the limit is "
                            + PageServiceProtocol.PAGES_MAX);
        }
        ByteBuffer into = pages.of(r.count());
        service.readPages(r.id(), r.at(), r.relation(), r.fork(), r.firstBlock(), r.count(), into);
        return new PageServiceReply.Pages(into.flip());
    }

    private static PageServiceReply send(PartChannel channel, BaseBackup backup)
            throws IOException {
        PageServiceProtocol.send(
                channel,
                new PageServiceReply.BackupStart(
                        backup.lsn(),
                        backup.postgresMajor(),
                        backup.systemIdentifier(),
                        backup.directories()));
        for (BaseBackup.File file : backup.files()) {
            PageServiceProtocol.send(channel, new PageServiceReply.BackupFile(file));
        }
        List<BaseBackup.RelationFork> relations = backup.relations();
        for (int from = 0; from < relations.size(); ) {
            int to = Math.min(relations.size(), from + PageServiceProtocol.BACKUP_RELATIONS_MAX);
            PageServiceProtocol.send(
                    channel, new PageServiceReply.BackupRelations(relations.subList(from, to)));
            from = to;
        }
        return new PageServiceReply.Done();
    }

    private static PageServiceReply send(PartChannel channel, List<PageService.Version> versions)
            throws IOException {
        for (PageService.Version version : versions) {
            PageServiceProtocol.send(channel, new PageServiceReply.OneVersion(version));
        }
        return new PageServiceReply.Done();
    }

    /** One connection's buffer: kept, unless it had to be large. */
    private static final class PageBuffer {
        private static final int PAGE_BYTES = 8192;
        private static final int KEPT_PAGES = 64;

        private ByteBuffer kept = ByteBuffer.allocateDirect(PAGE_BYTES);

        ByteBuffer of(int pages) {
            if (pages > KEPT_PAGES) {
                return ByteBuffer.allocate(pages * PAGE_BYTES);
            }
            if (kept.capacity() < pages * PAGE_BYTES) {
                kept = ByteBuffer.allocateDirect(KEPT_PAGES * PAGE_BYTES);
            }
            return kept.clear();
        }
    }

    /** Stops listening and ends the connections. */
    @Override
    public void close() throws IOException {
        server.close();
    }
}
