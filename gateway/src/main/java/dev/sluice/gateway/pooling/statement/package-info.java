/**
 * What passes between a pooled client and the server connection of the moment: which answers are
 * due ({@link dev.sluice.gateway.pooling.statement.Expectations}), which prepared statements exist
 * on which side, and which texts may leave something behind in the server session ({@link
 * dev.sluice.gateway.pooling.statement.StatementWatch}). Pure: bytes and message types in,
 * decisions out.
 */
@NullMarked
package dev.sluice.gateway.pooling.statement;

import org.jspecify.annotations.NullMarked;
