package dev.sluice.compute.shim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.sluice.wire.part.PartAddress;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ShimLibraryTest {
    @TempDir Path directory;

    private record Built(int exitCode, String said) {}

    private Built build(String compiler) throws IOException {
        ProcessBuilder builder =
                new ProcessBuilder("src/main/c/build.sh", directory.toString())
                        .redirectErrorStream(true);
        builder.environment().put("CC", compiler);
        Process process = builder.start();
        process.getOutputStream().close();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Built(process.onExit().join().exitValue(), said);
    }

    @Test
    void aMissingCompilerIsOneClearLine() throws IOException {
        Built built = build("no-such-gcc");

        assertThat(built.exitCode()).isEqualTo(1);
        assertThat(built.said().lines())
                .singleElement()
                .asString()
                .startsWith("sluice: 'no-such-gcc' is needed to compile the shim");
    }

    @Test
    void whatIsUpToDateNeedsNoCompiler() throws IOException {
        assertThat(build("gcc")).isEqualTo(new Built(0, ""));
        assertThat(build("no-such-gcc")).isEqualTo(new Built(0, ""));
    }

    @Test
    void aSocketPathThatDoesNotFitIsRefused() {
        Path deep = Path.of("/" + "d".repeat(100) + "/agent.s");
        assertThatIllegalArgumentException()
                .isThrownBy(() ->
                        ShimLibrary.environment(
                                directory, directory, new PartAddress.Unix(deep), directory))
                .withMessageContaining("109 bytes, the limit is 107");
    }

    @Test
    void theLibraryIsExtractedOnce() throws IOException {
        Path first = ShimLibrary.extract(directory);
        Object written = Files.getLastModifiedTime(first);
        assertThat(ShimLibrary.extract(directory)).isEqualTo(first);
        assertThat(Files.getLastModifiedTime(first)).isEqualTo(written);
        assertThat(Files.getPosixFilePermissions(first))
                .isEqualTo(PosixFilePermissions.fromString("rwxr-xr-x"));
    }
}
