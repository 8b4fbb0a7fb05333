package dev.sluice.gateway.routing;

import java.nio.file.Path;

/** Where a compute's Postgres listens. */
public sealed interface ComputeAddress {

    /**
     * A Unix socket.
     *
     * @param socketFile the socket itself, such as {@code /run/x/.s.PGSQL.5432}
     */
    record UnixSocket(Path socketFile) implements ComputeAddress {}

    /** A TCP address. */
    record Tcp(String host, int port) implements ComputeAddress {}
}
