package dev.sluice.controlplane.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The safekeepers of a server, as its operator sees them, and what may happen to them. */
final class MemberParts {
    private final Sluice sluice;

    MemberParts(Sluice sluice) {
        this.sluice = sluice;
    }

    /** Their numbers; all are members. */
    List<Long> ids() throws IOException {
        List<Long> ids = new ArrayList<>();
        for (JsonNode safekeeper : sluice.json("safekeepers", "list")) {
            assertThat(safekeeper.path("state").asText()).startsWith("member");
            ids.add(safekeeper.path("id").asLong());
        }
        return ids;
    }

    /** Of one; empty if it is not there. */
    String state(long id) throws IOException {
        for (JsonNode safekeeper : sluice.json("safekeepers", "list")) {
            if (safekeeper.path("id").asLong() == id) {
                return safekeeper.path("state").asText();
            }
        }
        return "";
    }

    /** It ends, and cannot be started again. */
    void ruin(int safekeeper) throws IOException {
        spoil(safekeeper);
        kill("safekeeper " + safekeeper);
    }

    /** One that does not run cannot be started. */
    void spoil(int safekeeper) throws IOException {
        Path files = files(safekeeper);
        Files.move(files, kept(safekeeper));
        Files.writeString(files, "no directory");
    }

    /** One that was ruined has all its files again. */
    void mend(int safekeeper) throws IOException {
        Path files = files(safekeeper);
        Files.delete(files);
        Files.move(kept(safekeeper), files);
    }

    private Path kept(int safekeeper) {
        return sluice.data().resolve("ruined-" + safekeeper);
    }

    private Path files(int safekeeper) {
        return sluice.data().resolve("safekeepers").resolve(Integer.toString(safekeeper));
    }

    /** {@code kill -9}; its supervisor starts it again. */
    void kill(String part) throws IOException {
        ProcessHandle process = ProcessHandle.of(pid(part)).orElseThrow();
        process.destroyForcibly();
        process.onExit().join();
    }

    private long pid(String name) throws IOException {
        for (JsonNode part : sluice.json("status").path("parts")) {
            if (part.path("part").asText().equals(name)) {
                return part.path("pid").asLong();
            }
        }
        throw new AssertionError("no part " + name);
    }
}
