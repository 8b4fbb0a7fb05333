/**
 * What a server session is beyond its transactions, for clients that share it: the settings that a
 * client wants ({@link dev.sluice.gateway.pooling.state.SessionSettings}), how a connection is
 * given them, and the question that finds out what a client has left behind. Pure: messages in,
 * messages out.
 */
@NullMarked
package dev.sluice.gateway.pooling.state;

import org.jspecify.annotations.NullMarked;
