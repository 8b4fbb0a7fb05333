package dev.sluice.controlplane.server;

import dev.sluice.tls.PartCertificates;
import dev.sluice.tls.PartIdentity;
import dev.sluice.wire.part.PartNetwork;
import dev.sluice.wire.part.PartRole;
import dev.sluice.wire.part.PartTls;
import java.io.Closeable;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The certificates by which the parts of one server, and readers of its WAL, know each other. */
final class PartTrust {
    private static final Logger log = LoggerFactory.getLogger(PartTrust.class);

    /**
     * Not for the month that is left, but for the machine that slept for longer than that, and the
     * clock that was put right: no part that is started again is let in before.
     */
    static final Duration RENEWAL_PERIOD = Duration.ofMinutes(1);

    private PartTrust() {}

    /** The file with the private key and certificate of whoever has this role. */
    static Path file(DataFolder folder, PartRole role) {
        return PartCertificates.file(folder.certificates(), role.text());
    }

    /** The authority's certificate. */
    static Path authority(DataFolder folder) {
        return folder.certificates().resolve("ca.crt");
    }

    /**
     * What a part of this role uses, from the files that are there.
     *
     * @throws IOException if they are missing or damaged
     */
    static PartNetwork network(DataFolder folder, PartRole role) throws IOException {
        PartIdentity identity = PartIdentity.of(file(folder, role), authority(folder));
        return PartNetwork.with(new PartTls(identity::context));
    }

    /**
     * Makes the certificates that are missing or near their end, now and as long as the server
     * runs. The parts find new ones by themselves.
     *
     * @param listen an address of this machine at which parts may be reached
     * @return ends it
     */
    static Closeable keep(DataFolder folder, String listen) throws IOException {
        return keep(folder, listen, RENEWAL_PERIOD);
    }

    static Closeable keep(DataFolder folder, String listen, Duration period) throws IOException {
        issue(folder, listen);
        ScheduledExecutorService timer =
                Executors.newSingleThreadScheduledExecutor(
                        task -> Thread.ofPlatform().daemon().name("certificates").unstarted(task));
        var _ =
                timer.scheduleWithFixedDelay(
                        () -> issueOrLog(folder, listen),
                        period.toMillis(),
                        period.toMillis(),
                        TimeUnit.MILLISECONDS);
        return timer::shutdown;
    }

    private static void issueOrLog(DataFolder folder, String listen) {
        try {
            issue(folder, listen);
        } catch (IOException | RuntimeException e) {
            log.error("cannot renew the parts' certificates", e);
        }
    }

    private static void issue(DataFolder folder, String listen) throws IOException {
        Map<String, String> roles = new LinkedHashMap<>();
        for (PartRole role : PartRole.values()) {
            roles.put(role.text(), role.uri());
        }
        var made = PartCertificates.issue(folder.certificates(), roles, hosts(listen));
        if (!made.isEmpty()) {
            log.info("made certificates of {}", made);
        }
    }

    private static Set<String> hosts(String listen) throws IOException {
        Set<String> hosts = new LinkedHashSet<>();
        hosts.add("localhost");
        hosts.add("127.0.0.1");
        hosts.add("0:0:0:0:0:0:0:1");
        InetAddress address = InetAddress.getByName(listen);
        if (!address.isAnyLocalAddress()) {
            hosts.add(address.getHostAddress());
        }
        try {
            hosts.add(InetAddress.getLocalHost().getHostName());
        } catch (UnknownHostException e) {
            log.debug("this machine has no name", e);
        }
        return hosts;
    }
}
