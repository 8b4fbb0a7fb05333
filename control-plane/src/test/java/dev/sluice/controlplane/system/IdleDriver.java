package dev.sluice.controlplane.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** A script that is connected by some driver, checks its session whenever it is told, and waits. */
final class IdleDriver implements AutoCloseable {
    private static final Path PYTHON = Path.of("/usr/bin/python3");

    private final Path script;
    private final Path errors;
    private final Process process;
    private final BufferedReader said;

    /**
     * @param name of the script among the resources, {@code idle_psycopg2.py}
     */
    IdleDriver(String name, String uri) throws IOException {
        script = Files.createTempFile("sluice-driver", ".py");
        errors = Files.createTempFile("sluice-driver", ".err");
        try (InputStream source = IdleDriver.class.getResourceAsStream("/drivers/" + name)) {
            assertThat(source).as(name).isNotNull();
            Files.write(script, source.readAllBytes());
        }
        ProcessBuilder builder =
                new ProcessBuilder(PYTHON.toString(), script.toString(), uri)
                        .redirectError(errors.toFile());
        builder.environment().put("PYTHONIOENCODING", "utf-8");
        process = builder.start();
        said = process.inputReader(StandardCharsets.UTF_8);
        awaitIdle();
    }

    /** Whether Python and one of its modules are here. */
    static boolean has(String module) throws IOException, InterruptedException {
        return Files.isExecutable(PYTHON)
                && new ProcessBuilder(PYTHON.toString(), "-c", "import " + module)
                                .redirectErrorStream(true)
                                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                                .start()
                                .waitFor()
                        == 0;
    }

    private void awaitIdle() throws IOException {
        String line = said.readLine();
        if (!"idle".equals(line)) {
            throw new AssertionError(line + "\n" + Files.readString(errors));
        }
    }

    /** Has it check its session. */
    void goOn() throws IOException {
        var input = process.outputWriter(StandardCharsets.UTF_8);
        input.write("go\n");
        input.flush();
        awaitIdle();
    }

    @Override
    public void close() throws IOException {
        process.outputWriter().close();
        try {
            if (!process.waitFor(20, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            throw new IOException("interrupted", e);
        }
        Files.delete(script);
        Files.delete(errors);
    }
}
