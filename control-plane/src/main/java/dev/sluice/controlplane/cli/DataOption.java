package dev.sluice.controlplane.cli;

import dev.sluice.controlplane.server.DataFolder;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** {@code --data}: which server is meant. */
final class DataOption {
    @Option(
            names = "--data",
            paramLabel = "DIR",
            description = "The data folder (default: $SLUICE_DATA, or ./.sluice).")
    private String data = "";

    DataFolder folder() {
        if (!data.isEmpty()) {
            return DataFolder.at(Path.of(data));
        }
        String fromEnvironment = System.getenv("SLUICE_DATA");
        return DataFolder.at(
                Path.of(
                        fromEnvironment == null || fromEnvironment.isEmpty()
                                ? ".sluice"
                                : fromEnvironment));
    }
}
