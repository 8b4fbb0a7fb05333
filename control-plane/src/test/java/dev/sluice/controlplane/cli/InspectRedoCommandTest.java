package dev.sluice.controlplane.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.storage.oracle.ComparisonReport;
import dev.sluice.storage.oracle.RedoReport;
import dev.sluice.wire.Lsn;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** What {@code inspect redo} says and exits with; what it finds is the storage module's matter. */
class InspectRedoCommandTest {
    private static final Path AGAINST = Path.of("standby");

    private final StringWriter err = new StringWriter();

    private int run(String... arguments) {
        CommandLine line = Main.commandLine();
        line.setErr(new PrintWriter(err, true));
        line.setOut(new PrintWriter(new StringWriter()));
        return line.execute(arguments);
    }

    @Test
    void wrongUseIsToldInOneLine(@TempDir Path directory) {
        assertThat(run("inspect", "redo")).isEqualTo(2);
        assertThat(err.toString()).contains("--base=DATADIR");
        assertThat(run("inspect", "redo", "--base", "x", "--to", "nonsense")).isEqualTo(2);
        assertThat(err.toString()).contains("not an LSN: \"nonsense\"");
        assertThat(run("inspect", "redo", "--base", directory.toString())).isEqualTo(1);
        assertThat(err.toString())
                .contains("no such file or directory: " + directory.resolve("PG_VERSION"));
    }

    private static RedoReport redo(List<String> differences) {
        return new RedoReport(
                new Lsn(0x1000028),
                new Lsn(0x2000000),
                "there is no segment",
                0xFFFFD8,
                new TreeMap<>(),
                differences,
                differences.size());
    }

    private static ComparisonReport compared(long blocks, List<String> differences) {
        return new ComparisonReport(3, blocks, 2, 1, true, differences, differences.size());
    }

    private static String text(RedoPrint print) {
        StringWriter text = new StringWriter();
        PrintWriter out = new PrintWriter(text);
        print.text(out);
        out.flush();
        return text.toString();
    }

    @Test
    void withoutImagesAndWithoutADirectoryNothingIsProved() {
        RedoPrint print = new RedoPrint(redo(List.of()), 1, null, null);
        assertThat(print.isProof()).isFalse();
        assertThat(text(print))
                .contains("nothing was checked: run Postgres with wal_consistency_checking = all");
        assertThat(print.json().path("proved").asBoolean(true)).isFalse();
    }

    @Test
    void aDirectoryThatIsEqualIsAProofWithoutImages() {
        RedoPrint print = new RedoPrint(redo(List.of()), 1, AGAINST, compared(7, List.of()));
        assertThat(print.isProof()).isTrue();
        assertThat(text(print))
                .contains("no page images in the WAL")
                .contains("compared with standby: 7 blocks of 3 relation forks")
                .doesNotContain("nothing was checked");
        assertThat(print.json().path("against").path("blocks").asLong()).isEqualTo(7);
    }

    @Test
    void anyDifferenceOnEitherSideIsNoProof() {
        RedoPrint inRedo = new RedoPrint(redo(List.of("a")), 1, AGAINST, compared(7, List.of()));
        RedoPrint inDirectory =
                new RedoPrint(redo(List.of()), 1, AGAINST, compared(7, List.of("b", "c")));
        assertThat(inRedo.isProof()).isFalse();
        assertThat(text(inRedo)).endsWith(String.format("1 difference%n"));
        assertThat(inDirectory.isProof()).isFalse();
        assertThat(text(inDirectory)).endsWith(String.format("2 differences%n"));
        assertThat(inDirectory.json().path("difference_count").asLong()).isEqualTo(2);
    }
}
