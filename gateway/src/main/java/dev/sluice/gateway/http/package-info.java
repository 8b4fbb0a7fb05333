/**
 * HTTP on the gateway's port: SQL over HTTP ({@code POST /sql}), Postgres over WebSocket, {@code
 * /healthz}. Vert.x serves it on a Unix socket, to which the front door hands connections over;
 * requests run on virtual threads.
 */
@NullMarked
package dev.sluice.gateway.http;

import org.jspecify.annotations.NullMarked;
