/**
 * Sockets and TLS: epoll where there is one, NIO elsewhere; OpenSSL where there is one, JSSE
 * elsewhere.
 */
@NullMarked
package dev.sluice.gateway.transport;

import org.jspecify.annotations.NullMarked;
