package dev.sluice.controlplane.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

/** What a part that is started by hand says of a configuration that it cannot use. */
final class PartCommandsTest {
    private static final String RIGHT =
            """
            {
              "data": "/nonexistent/sluice",
              "listen": "127.0.0.1", "port": 0, "apiPort": 0,
              "safekeepers": 3,
              "suspendAfterSeconds": 300, "keepAwakeSeconds": 3600, "maxWalLagMegabytes": 0,
              "parts": { "safekeeper-1": "tcp:127.0.0.1:7001" },
              "bind": { }
            }
            """;

    @TempDir Path directory;

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "\"data\": \"/nonexistent/sluice\", | `` | \"data\" is missing",
                "\"/nonexistent/sluice\" | null | \"data\" is missing",
                "\"listen\": \"127.0.0.1\", | `` | \"listen\" is missing",
                "\"port\": 0, | \"port\": \"abc\", | not a valid `int` value (line 3)",
                "\"bind\": { } | \"bind\": [ ] | Array value (token `JsonToken.START_ARRAY`) (line 7)",
                "\"bind\": { } | \"bind\": { | expected close marker for Object",
                "\"bind\": { } | \"bint\": { } | Unrecognized field \"bint\"",
                "\"tcp:127.0.0.1:7001\" | null | \"safekeeper-1\" is missing",
                "tcp:127.0.0.1:7001 | 127.0.0.1:7001 | (unix:/path or tcp:host:port)",
                "tcp:127.0.0.1:7001 | tcp:127.0.0.1:70001 | (bad port)",
                "\"safekeepers\": 3 | \"safekeepers\": 2 | must be an odd number from 1 to 9, not 2"
            })
    void whatIsWrongIsNamed(String from, String to, String complaint) throws IOException {
        assertThat(RIGHT).contains(from);
        assertThat(complaintAbout(RIGHT.replace(from, to))).contains(complaint);
    }

    @Test
    void aFileWithoutAConfigurationIsNamed() throws IOException {
        assertThat(complaintAbout("")).contains("No content");
        assertThat(complaintAbout("null")).contains("\"data\" is missing");
        assertThat(complaintAbout("{}")).contains("\"data\" is missing");
    }

    @Test
    void anotherObjectStoreThanTheDataFoldersIsRefused() throws IOException {
        Path data = Files.createDirectory(directory.resolve("data"));
        Files.writeString(data.resolve("object-store"), "s3://ours/wal\n");
        String here = RIGHT.replace("/nonexistent/sluice", data.toString());
        assertThat(refusalOf(here.replace("\"port\": 0", "\"objectStore\": \"s3://theirs/wal\"")))
                .contains("is in the object store s3://ours/wal, not in s3://theirs/wal");
        assertThat(refusalOf(here))
                .contains("is in the object store s3://ours/wal, and \"objectStore\" of the");
        assertThat(data.resolve("object-store")).hasContent("s3://ours/wal\n");
    }

    @Test
    void anotherNumberOfSafekeepersThanTheDataFoldersIsRefused() throws IOException {
        Path data = Files.createDirectory(directory.resolve("data"));
        Files.createFile(data.resolve("catalog.mv.db"));
        Files.writeString(
                data.resolve("safekeepers.json"), "{\"members\": 5, \"running\": [1, 2, 3, 4, 5]}");
        assertThat(refusalOf(RIGHT.replace("/nonexistent/sluice", data.toString())))
                .contains("made with --safekeepers 5, which cannot become 3");
    }

    /** The only line on the standard error. */
    private String complaintAbout(String configuration) throws IOException {
        String complaint = refusalOf(configuration);
        assertThat(complaint)
                .startsWith("sluice: bad configuration " + directory.resolve("parts.json") + ": ");
        return complaint;
    }

    private String refusalOf(String configuration) throws IOException {
        Path file = directory.resolve("parts.json");
        Files.writeString(file, configuration);
        StringWriter err = new StringWriter();
        CommandLine line = Main.commandLine();
        line.setErr(new PrintWriter(err));
        int code = line.execute("safekeeper", "--config", file.toString(), "--number", "1");
        assertThat(code).isEqualTo(1);
        assertThat(err.toString()).startsWith("sluice: ").hasLineCount(1);
        return err.toString();
    }
}
