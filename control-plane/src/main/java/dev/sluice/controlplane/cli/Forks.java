package dev.sluice.controlplane.cli;

import dev.sluice.storage.inspect.RecordText;
import dev.sluice.walservice.wal.Fork;
import java.io.IOException;

/** Forks by the names that people give them. */
final class Forks {
    private Forks() {}

    /**
     * @param name main, fsm, vm or init
     */
    static Fork parse(String name) throws IOException {
        for (Fork fork : Fork.values()) {
            if (RecordText.forkName(fork).equals(name)) {
                return fork;
            }
        }
        throw new IOException("no fork \"" + name + "\"; there are main, fsm, vm and init");
    }
}
