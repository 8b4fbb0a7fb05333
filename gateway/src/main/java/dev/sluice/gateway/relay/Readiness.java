package dev.sluice.gateway.relay;

import dev.sluice.gateway.parking.Obstacle;
import java.util.Set;

/** Whether a session can do without its server connection. */
sealed interface Readiness {
    /** It can; its client is held until {@link Parking#park} or {@link Parking#release}. */
    record Ready() implements Readiness {}

    /** It does already, or it is over. */
    record Away() implements Readiness {}

    /** Its client has asked something. */
    record Busy() implements Readiness {}

    /** Its server does not answer; what will come of it is not waited for. */
    record Late() implements Readiness {}

    /** It is idle, but has what cannot be carried. */
    record Unable(Set<Obstacle> obstacles) implements Readiness {}
}
