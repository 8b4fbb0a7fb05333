package dev.sluice.walservice.safekeeper;

import dev.sluice.walservice.client.SafekeeperException;
import dev.sluice.walservice.client.SafekeeperProtocol;
import dev.sluice.walservice.client.SafekeeperReply;
import dev.sluice.walservice.consensus.Refusal;
import dev.sluice.walservice.wal.WalFormatException;
import dev.sluice.wire.part.PartChannel;
import dev.sluice.wire.part.PartProtocolException;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How a failure is told to the other side. */
final class Refusals {
    private static final Logger log = LoggerFactory.getLogger(Refusals.class);

    private Refusals() {}

    static void tell(PartChannel channel, IOException failure) {
        try {
            SafekeeperProtocol.send(channel, of(failure));
        } catch (IOException e) {
            log.debug("cannot tell the other side of {}: {}", failure, e.toString());
        }
    }

    static SafekeeperReply.Refused of(IOException failure) {
        String message = String.valueOf(failure.getMessage());
        return switch (failure) {
            case SafekeeperException e -> new SafekeeperReply.Refused(e.refusal(), message);
            case DamagedFileException _ -> new SafekeeperReply.Refused(Refusal.DAMAGED, message);
            case WalFormatException _, PartProtocolException _ ->
                    new SafekeeperReply.Refused(Refusal.BAD_REQUEST, message);
            default ->
                    DiskSpace.isFull(failure)
                            ? diskFull(message)
                            : new SafekeeperReply.Refused(Refusal.FAILED, failure.toString());
        };
    }

    private static SafekeeperReply.Refused diskFull(String message) {
        return new SafekeeperReply.Refused(
                Refusal.DISK_FULL, "the safekeeper's disk is full: " + message);
    }
}
