package dev.sluice.storage.pageserver;

import dev.sluice.storage.basebackup.BaseBackup;
import dev.sluice.storage.key.Key;
import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.walservice.timeline.TimelineId;
import dev.sluice.walservice.wal.Fork;
import dev.sluice.walservice.wal.RelFileLocator;
import dev.sluice.wire.Lsn;
import dev.sluice.wire.part.PartAddress;
import dev.sluice.wire.part.PartChannel;
import dev.sluice.wire.part.PartFrame;
import dev.sluice.wire.part.PartNetwork;
import dev.sluice.wire.part.PartProtocolException;
import dev.sluice.wire.part.PartRole;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/**
 * A pageserver in another process. Connections are made as needed and kept for the next calls; a
 * connection that was kept while the pageserver was started anew is found dead and replaced. When
 * nobody answers, or not in time, calls fail with {@link PageserverAwayException}.
 */
public final class PageServiceClient implements PageService, Closeable {
    private static final int CALLS_MAX = 64;
    private static final int IDLE_MAX = 16;

    /** How long a question may take that is answered from what the pageserver has at hand. */
    private static final Duration PROMPT = Duration.ofMinutes(1);

    /** How long one may take that makes it read or write as much as there is. */
    private static final Duration PATIENT = Duration.ofMinutes(5);

    private final PartNetwork network;
    private final PartAddress address;
    private final Duration prompt;
    private final AnswerWatch watch;
    private final Semaphore calls = new Semaphore(CALLS_MAX);
    private final ConcurrentLinkedDeque<PartChannel> idle = new ConcurrentLinkedDeque<>();
    private volatile boolean closed;

    /** For a pageserver that asks for no certificate. */
    public PageServiceClient(PartAddress address) {
        this(PartNetwork.PLAIN, address);
    }

    /** Does not connect yet. */
    public PageServiceClient(PartNetwork network, PartAddress address) {
        this(network, address, PROMPT);
    }

    /**
     * @param prompt how long a question may take that is answered at once
     */
    PageServiceClient(PartNetwork network, PartAddress address, Duration prompt) {
        this.network = network;
        this.address = address;
        this.prompt = prompt;
        this.watch = new AnswerWatch(prompt.dividedBy(12));
    }

    /** The pageserver answered that it could not do it. */
    private static final class CallFailedException extends IOException {
        private static final long serialVersionUID = 1L;

        CallFailedException(String message) {
            super(message);
        }
    }

    private interface Answer<T> {
        T receive(PartChannel channel) throws IOException;
    }

    /**
     * @param repeatable asked twice, it does no more than asked once
     */
    private <T> T call(PageServiceRequest request, boolean repeatable, Answer<T> answer)
            throws IOException {
        calls.acquireUninterruptibly();
        try {
            PartChannel kept = idle.pollFirst();
            if (kept != null) {
                try {
                    return call(kept, request, answer);
                } catch (CallFailedException e) {
                    throw e;
                } catch (IOException e) {
                    closeIdle();
                    if (!repeatable) {
                        throw e;
                    }
                }
            }
            return call(connect(), request, answer);
        } finally {
            calls.release();
        }
    }

    private PartChannel connect() throws IOException {
        try {
            return network.connect(address, PartRole.PAGESERVER);
        } catch (IOException e) {
            throw new PageserverAwayException("the pageserver is away: " + e.getMessage(), e);
        }
    }

    private <T> T call(PartChannel channel, PageServiceRequest request, Answer<T> answer)
            throws IOException {
        boolean usable = false;
        Duration limit = limit(request);
        AnswerWatch.Wait wait = watch.begin(channel, limit);
        try {
            PageServiceProtocol.send(channel, request);
            T result = answer.receive(channel);
            usable = true;
            return result;
        } catch (CallFailedException e) {
            usable = true;
            throw e;
        } catch (PartProtocolException e) {
            throw e;
        } catch (IOException e) {
            throw new PageserverAwayException(
                    "the pageserver at "
                            + address
                            + (wait.isOverdue()
                                    ? " has not answered for " + limit.toSeconds() + " s"
                                    : " hung up: " + e.getMessage()),
                    e);
        } finally {
            watch.end(wait);
            giveBack(usable ? channel : null, channel);
        }
    }

    private Duration limit(PageServiceRequest request) {
        return switch (request) {
            case PageServiceRequest.WaitForLsn waiting -> waiting.limit().plus(prompt);
            case PageServiceRequest.Create _,
                    PageServiceRequest.Branch _,
                    PageServiceRequest.Delete _,
                    PageServiceRequest.MakeBaseBackup _ ->
                    PATIENT;
            default -> prompt;
        };
    }

    private void giveBack(@Nullable PartChannel usable, PartChannel channel) throws IOException {
        if (usable != null && !closed && idle.size() < IDLE_MAX) {
            idle.addFirst(usable);
        } else {
            channel.close();
        }
    }

    private void closeIdle() throws IOException {
        for (PartChannel channel = idle.pollFirst(); channel != null; channel = idle.pollFirst()) {
            channel.close();
        }
    }

    private PageServiceReply receive(PartChannel channel) throws IOException {
        PartFrame frame = channel.receive();
        if (frame == null) {
            throw new EOFException("the pageserver at " + address + " hung up");
        }
        PageServiceReply reply = PageServiceProtocol.reply(frame);
        if (reply instanceof PageServiceReply.Failed(String message)) {
            throw new CallFailedException(message);
        }
        return reply;
    }

    private PartProtocolException notExpected(PageServiceReply reply) {
        return new PartProtocolException(
                "the pageserver at "
                        + address
                        + " answered another question: "
                        + reply.getClass().getSimpleName());
    }

    private void done(PageServiceRequest request, boolean repeatable) throws IOException {
        boolean _ =
                call(
                        request,
                        repeatable,
                        channel -> {
                            PageServiceReply reply = receive(channel);
                            if (!(reply instanceof PageServiceReply.Done)) {
                                throw notExpected(reply);
                            }
                            return true;
                        });
    }

    private List<TimelineStatus> statuses(PageServiceRequest request) throws IOException {
        return call(
                request,
                true,
                channel -> {
                    PageServiceReply reply = receive(channel);
                    if (reply instanceof PageServiceReply.Statuses(List<TimelineStatus> all)) {
                        return all;
                    }
                    throw notExpected(reply);
                });
    }

    /**
     * {@inheritDoc}
     *
     * <p>The path is read by the pageserver's process.
     */
    @Override
    public Lsn createTimeline(TenantTimelineId id, Path dataDirectory, long systemIdentifier)
            throws IOException {
        return call(
                new PageServiceRequest.Create(
                        id, systemIdentifier, dataDirectory.toAbsolutePath().toString()),
                false,
                channel -> {
                    PageServiceReply reply = receive(channel);
                    if (reply instanceof PageServiceReply.Position(Lsn lsn)) {
                        return lsn;
                    }
                    throw notExpected(reply);
                });
    }

    @Override
    public void branchTimeline(TenantTimelineId parent, TimelineId child, Lsn at)
            throws IOException {
        done(new PageServiceRequest.Branch(parent, child, at), false);
    }

    @Override
    public void deleteTimeline(TenantTimelineId id) throws IOException {
        done(new PageServiceRequest.Delete(id), false);
    }

    @Override
    public void attachWal(TenantTimelineId id, List<PartAddress> safekeepers) throws IOException {
        done(new PageServiceRequest.Attach(id, safekeepers), true);
    }

    @Override
    public TimelineStatus status(TenantTimelineId id) throws IOException {
        List<TimelineStatus> one = statuses(new PageServiceRequest.Status(id));
        if (one.size() != 1) {
            throw new IOException(
                    "the pageserver at " + address + " answered with " + one.size() + " timelines");
        }
        return one.getFirst();
    }

    @Override
    public List<TimelineStatus> timelines() throws IOException {
        return statuses(new PageServiceRequest.ListTimelines());
    }

    @Override
    public void waitForLsn(TenantTimelineId id, Lsn lsn, Duration limit) throws IOException {
        done(new PageServiceRequest.WaitForLsn(id, lsn, limit), true);
    }

    @Override
    public void readPages(
            TenantTimelineId id,
            Lsn at,
            RelFileLocator relation,
            Fork fork,
            int firstBlock,
            int count,
            ByteBuffer into)
            throws IOException {
        for (int done = 0; done < count; ) {
            int some = Math.min(PageServiceProtocol.PAGES_MAX, count - done);
            readSome(
                    new PageServiceRequest.ReadPages(
                            id, at, relation, fork, firstBlock + done, some),
                    into);
            done += some;
        }
    }

    private void readSome(PageServiceRequest.ReadPages request, ByteBuffer into)
            throws IOException {
        int expected = request.count() * 8192;
        boolean _ =
                call(
                        request,
                        true,
                        channel -> {
                            PageServiceReply reply = receive(channel);
                            if (reply instanceof PageServiceReply.Pages(ByteBuffer pages)
                                    && pages.remaining() == expected) {
                                into.put(pages);
                                return true;
                            }
                            throw notExpected(reply);
                        });
    }

    @Override
    public BaseBackup baseBackup(TenantTimelineId id, Lsn at) throws IOException {
        return call(new PageServiceRequest.MakeBaseBackup(id, at), true, this::receiveBackup);
    }

    private BaseBackup receiveBackup(PartChannel channel) throws IOException {
        PageServiceReply first = receive(channel);
        if (!(first instanceof PageServiceReply.BackupStart start)) {
            throw notExpected(first);
        }
        List<BaseBackup.File> files = new ArrayList<>();
        List<BaseBackup.RelationFork> relations = new ArrayList<>();
        while (true) {
            PageServiceReply reply = receive(channel);
            switch (reply) {
                case PageServiceReply.BackupFile(BaseBackup.File file) -> files.add(file);
                case PageServiceReply.BackupRelations(List<BaseBackup.RelationFork> some) ->
                        relations.addAll(some);
                case PageServiceReply.Done _ -> {
                    return new BaseBackup(
                            start.lsn(),
                            start.postgresMajor(),
                            start.systemIdentifier(),
                            start.directories(),
                            files,
                            relations);
                }
                case PageServiceReply.Position _,
                        PageServiceReply.Statuses _,
                        PageServiceReply.Pages _,
                        PageServiceReply.BackupStart _,
                        PageServiceReply.Content _,
                        PageServiceReply.OneVersion _,
                        PageServiceReply.Failed _ ->
                        throw notExpected(reply);
            }
        }
    }

    @Override
    public byte @Nullable [] read(TenantTimelineId id, Key key, Lsn at) throws IOException {
        // Empty for nothing: no key that exists has empty content.
        byte[] bytes =
                call(
                        new PageServiceRequest.ReadKey(id, key, at),
                        true,
                        channel -> {
                            PageServiceReply reply = receive(channel);
                            if (reply instanceof PageServiceReply.Content(ByteBuffer content)) {
                                byte[] copy = new byte[content == null ? 0 : content.remaining()];
                                if (content != null) {
                                    content.get(copy);
                                }
                                return copy;
                            }
                            throw notExpected(reply);
                        });
        return bytes.length == 0 ? null : bytes;
    }

    @Override
    public List<Version> versions(TenantTimelineId id, Key key, Lsn at) throws IOException {
        return call(
                new PageServiceRequest.ReadVersions(id, key, at),
                true,
                channel -> {
                    List<Version> versions = new ArrayList<>();
                    PageServiceReply reply = receive(channel);
                    while (reply instanceof PageServiceReply.OneVersion(Version version)) {
                        versions.add(version);
                        reply = receive(channel);
                    }
                    if (reply instanceof PageServiceReply.Done) {
                        return versions;
                    }
                    throw notExpected(reply);
                });
    }

    /** Ends the idle connections; calls in progress end by themselves. */
    @Override
    public void close() throws IOException {
        closed = true;
        watch.close();
        closeIdle();
    }
}
