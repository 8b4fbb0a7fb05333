package dev.sluice.wire;

import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.platform.launcher.LauncherSession;
import org.junit.platform.launcher.LauncherSessionListener;

/**
 * Lets every test of every module wait a minute for a condition, not Awaitility's ten seconds: on a
 * machine that does much else a process may take that long to start, or a file to be synced. Who
 * waits for what comes waits no longer for it.
 */
public final class Patience implements LauncherSessionListener {
    @Override
    public void launcherSessionOpened(LauncherSession session) {
        Awaitility.setDefaultTimeout(Duration.ofMinutes(1));
    }
}
