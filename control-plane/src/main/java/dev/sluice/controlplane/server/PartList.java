package dev.sluice.controlplane.server;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;

/**
 * The parts that a supervisor runs, as it notes them in {@code parts-running.json} whenever one
 * starts or ends.
 */
final class PartList {
    private static final ObjectMapper JSON = new ObjectMapper();

    private PartList() {}

    static void write(DataFolder folder, List<StatusRoutes.Part> parts) throws IOException {
        Path file = file(folder);
        Path fresh = file.resolveSibling(file.getFileName() + ".new");
        Files.writeString(fresh, JSON.writeValueAsString(parts));
        Files.move(
                fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    static List<StatusRoutes.Part> read(DataFolder folder) {
        try {
            return JSON.readValue(
                    file(folder).toFile(), new TypeReference<List<StatusRoutes.Part>>() {});
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Path file(DataFolder folder) {
        return folder.root().resolve("parts-running.json");
    }
}
