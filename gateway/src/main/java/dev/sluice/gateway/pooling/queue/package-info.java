/**
 * Who gets which server connection, and when: the decisions of one pool, without clients, servers,
 * sockets or a clock. {@link dev.sluice.gateway.pooling.queue.PoolQueue} is told what happened and
 * says what to do.
 */
@NullMarked
package dev.sluice.gateway.pooling.queue;

import org.jspecify.annotations.NullMarked;
