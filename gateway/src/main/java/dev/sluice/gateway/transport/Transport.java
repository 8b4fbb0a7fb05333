package dev.sluice.gateway.transport;

import dev.sluice.gateway.routing.ComputeAddress;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** The event loops, and how channels are opened on them. */
public final class Transport {
    /** What a peer that does not read may make us keep, per direction of a session. */
    private static final WriteBufferWaterMark WATER_MARK =
            new WriteBufferWaterMark(64 << 10, 256 << 10);

    /**
     * What is read at once. Netty's own guess follows the last messages' sizes down to 64 bytes and
     * cuts the next longer one in two, each with a system call to read and to write it.
     */
    private static final RecvByteBufAllocator READ_SIZES =
            new AdaptiveRecvByteBufAllocator(512, 2 << 10, 64 << 10).maxMessagesPerRead(16);

    private static final int BACKLOG = 4096;
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);

    private final boolean epoll;
    private final EventLoopGroup loops;
    private final ChannelGroup open = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE, true);

    /**
     * @param epoll whether to use epoll
     */
    private Transport(boolean epoll, int loops) {
        this.epoll = epoll;
        this.loops =
                new MultiThreadIoEventLoopGroup(
                        loops,
                        new DefaultThreadFactory("gateway"),
                        epoll ? EpollIoHandler.newFactory() : NioIoHandler.newFactory());
    }

    /** Epoll if the machine has it, NIO otherwise. */
    public static Transport best() {
        return best(usualLoops());
    }

    /** As {@link #best()}, with so many event loops. */
    public static Transport best(int loops) {
        return new Transport(Epoll.isAvailable(), loops);
    }

    /**
     * A loop for every two cores: what clients, computes and the kernel do for each message needs
     * the rest, and a loop that is less often idle wakes less often and finds more to do.
     */
    public static int usualLoops() {
        return Math.max(1, Runtime.getRuntime().availableProcessors() / 2);
    }

    /** NIO, which every machine has. */
    public static Transport nio() {
        return new Transport(false, usualLoops());
    }

    /** Listens; {@code welcome} is given each accepted channel, on its event loop. */
    public ChannelFuture listen(InetSocketAddress address, Consumer<Channel> welcome) {
        return server(welcomed(welcome))
                .channel(epoll ? EpollServerSocketChannel.class : NioServerSocketChannel.class)
                .option(ChannelOption.SO_REUSEADDR, true)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.SO_KEEPALIVE, true)
                .bind(address);
    }

    /** Listens on a Unix socket, which must not be there yet; whoever listens deletes it. */
    public ChannelFuture listenLocal(Path socket, Consumer<Channel> welcome) {
        ServerBootstrap server = server(welcomed(welcome));
        return epoll
                ? server.channel(EpollServerDomainSocketChannel.class)
                        .bind(new DomainSocketAddress(socket.toFile()))
                : server.channel(NioServerDomainSocketChannel.class)
                        .bind(UnixDomainSocketAddress.of(socket));
    }

    private ServerBootstrap server(ChannelHandler initializer) {
        return new ServerBootstrap()
                .group(loops)
                .option(ChannelOption.SO_BACKLOG, BACKLOG)
                .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, WATER_MARK)
                .childOption(ChannelOption.RECVBUF_ALLOCATOR, READ_SIZES)
                .childHandler(initializer);
    }

    private ChannelHandler welcomed(Consumer<Channel> welcome) {
        return new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel channel) {
                open.add(channel);
                welcome.accept(channel);
            }
        };
    }

    /** Connects to a Unix socket of our own on the given loop. */
    ChannelFuture connectLocal(EventLoop loop, Path socket, ChannelHandler handler) {
        return connect(loop, new ComputeAddress.UnixSocket(socket), handler);
    }

    /** Connects to a compute on the given loop; {@code handler} is added to its pipeline. */
    public ChannelFuture connect(EventLoop loop, ComputeAddress address, ChannelHandler handler) {
        Bootstrap bootstrap =
                new Bootstrap()
                        .group(loop)
                        .option(ChannelOption.WRITE_BUFFER_WATER_MARK, WATER_MARK)
                        .option(ChannelOption.RECVBUF_ALLOCATOR, READ_SIZES)
                        .option(
                                ChannelOption.CONNECT_TIMEOUT_MILLIS,
                                Math.toIntExact(CONNECT_TIMEOUT.toMillis()))
                        .handler(handler);
        ChannelFuture connecting = connect(bootstrap, address);
        open.add(connecting.channel());
        return connecting;
    }

    private ChannelFuture connect(Bootstrap bootstrap, ComputeAddress address) {
        return switch (address) {
            case ComputeAddress.Tcp tcp ->
                    bootstrap
                            .channel(epoll ? EpollSocketChannel.class : NioSocketChannel.class)
                            .option(ChannelOption.TCP_NODELAY, true)
                            .connect(new InetSocketAddress(tcp.host(), tcp.port()));
            case ComputeAddress.UnixSocket unix ->
                    epoll
                            ? bootstrap
                                    .channel(EpollDomainSocketChannel.class)
                                    .connect(new DomainSocketAddress(unix.socketFile().toFile()))
                            : bootstrap
                                    .channel(NioDomainSocketChannel.class)
                                    .connect(UnixDomainSocketAddress.of(unix.socketFile()));
        };
    }

    /** Sends what is waiting, then closes; after {@code patience} closes anyway. */
    public static void closeAfterFlush(Channel channel, Duration patience) {
        if (!channel.isActive()) {
            Outbound.close(channel);
            return;
        }
        Runnable closing = () -> Outbound.close(channel);
        var timer =
                channel.eventLoop().schedule(closing, patience.toMillis(), TimeUnit.MILLISECONDS);
        channel.writeAndFlush(io.netty.buffer.Unpooled.EMPTY_BUFFER)
                .addListener(_ -> {
                    timer.cancel(false);
                    Outbound.close(channel);
                });
    }

    /** Closes a channel after some time, if it is open then. */
    public static void closeLater(Channel channel, Duration time) {
        var timer =
                channel.eventLoop()
                        .schedule(
                                () -> Outbound.close(channel),
                                time.toMillis(),
                                TimeUnit.MILLISECONDS);
        channel.closeFuture().addListener(_ -> timer.cancel(false));
    }

    /** Closes every channel and stops the loops; the result completes when they have stopped. */
    public CompletableFuture<Void> stop() {
        CompletableFuture<Void> stopped = new CompletableFuture<>();
        open.close().addListener(_ -> stopLoops(stopped));
        return stopped;
    }

    private void stopLoops(CompletableFuture<Void> stopped) {
        loops.shutdownGracefully(0, 5, TimeUnit.SECONDS).addListener(_ -> stopped.complete(null));
    }
}
