package dev.sluice.controlplane.system;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A client that is a program: for each line that it is given it runs its features, says {@code ok
 * NAME} after each and {@code idle} after the last. It ends with its input.
 */
final class ScriptedClient implements Client {
    private final Path errors;
    private final Process process;
    private final BufferedReader said;
    private final String go;

    /**
     * @param go what to give it to have a round run
     */
    ScriptedClient(List<String> command, Map<String, String> environment, String go)
            throws IOException {
        this.go = go;
        errors = Files.createTempFile("sluice-client", ".err");
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(errors.toFile());
        builder.environment().putAll(environment);
        builder.environment().put("PYTHONIOENCODING", "utf-8");
        builder.environment().put("PYTHONDONTWRITEBYTECODE", "1");
        process = builder.start();
        said = process.inputReader(StandardCharsets.UTF_8);
    }

    @Override
    public List<String> round() throws IOException {
        begin();
        return finish();
    }

    /** Has a round begun, for {@link #finish} to wait for. */
    void begin() throws IOException {
        var input = process.outputWriter(StandardCharsets.UTF_8);
        input.write(go + "\n");
        input.flush();
    }

    List<String> finish() throws IOException {
        List<String> features = new ArrayList<>();
        for (String line = said.readLine(); !"idle".equals(line); line = said.readLine()) {
            if (line == null || !line.startsWith("ok ")) {
                throw new AssertionError(
                        "after %s it said %s\n%s"
                                .formatted(features, line, Files.readString(errors)));
            }
            features.add(line.substring(3));
        }
        return features;
    }

    @Override
    public void close() throws IOException {
        try {
            process.outputWriter().close();
            if (!process.waitFor(20, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            throw new IOException("interrupted", e);
        } finally {
            Files.delete(errors);
        }
    }
}
