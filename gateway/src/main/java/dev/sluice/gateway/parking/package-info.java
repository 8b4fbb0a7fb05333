/**
 * What a session is beyond its connection, and how it is moved from one server connection to
 * another: the probe that reads its state ({@link dev.sluice.gateway.parking.SessionProbe}), the
 * state itself ({@link dev.sluice.gateway.parking.SessionSnapshot}), and the messages that give it
 * to a new server session ({@link dev.sluice.gateway.parking.SessionRestore}). Pure: messages in,
 * messages out.
 */
@NullMarked
package dev.sluice.gateway.parking;

import org.jspecify.annotations.NullMarked;
