package dev.sluice.controlplane.cli;

import java.io.File;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/**
 * {@code sluice psql}.
 *
 * <p>psql needs the terminal and its signals for itself, so this command does not run it: it writes
 * what is to be run into the file that {@value #PLAN} names, zero bytes between the words, the
 * password first, and the launcher puts psql in its own place.
 */
@Command(
        name = "psql",
        description = "Open psql on a branch: sluice psql [BRANCH] [-- PSQL ARGUMENTS].")
final class PsqlCommand extends ClientCommand {
    static final String PLAN = "SLUICE_PSQL_PLAN";

    @Parameters(
            paramLabel = "[BRANCH] [-- ARGUMENTS]",
            arity = "0..*",
            description = "The branch (default: the default one), then what psql gets.")
    private List<String> words = List.of();

    @Mixin private final LoginOptions login = new LoginOptions();

    @Override
    void run(ApiClient api) throws IOException {
        String plan = System.getenv(PLAN);
        if (plan == null) {
            throw new IOException("psql is opened by the launcher: run ./sluice psql");
        }
        if (!isOnPath("psql")) {
            throw new IOException(
                    "psql is not installed (Debian: apt-get install postgresql-client); the connection string is:"
                            + " sluice connection-string");
        }
        boolean named = !words.isEmpty() && !words.getFirst().startsWith("-");
        String uri = login.connectionUri(api, project(api), named ? words.getFirst() : "", false);
        List<String> command = new ArrayList<>();
        // Apart from the rest: everybody on the machine can read a command line, nobody an
        // environment.
        String password = password(uri);
        command.add(password == null ? "" : password);
        command.add("psql");
        command.add(password == null ? uri : uri.replaceFirst("(//[^:@]*):[^@]*@", "$1@"));
        command.addAll(named ? words.subList(1, words.size()) : words);
        Files.writeString(Path.of(plan), String.join("\0", command) + "\0");
    }

    private static @Nullable String password(String uri) {
        int colon = uri.indexOf(':', "postgresql://".length());
        int at = uri.indexOf('@');
        return colon >= 0 && colon < at
                ? URLDecoder.decode(uri.substring(colon + 1, at), StandardCharsets.UTF_8)
                : null;
    }

    private static boolean isOnPath(String program) {
        String path = System.getenv("PATH");
        if (path == null) {
            return false;
        }
        for (String directory : path.split(File.pathSeparator, -1)) {
            if (new File(directory, program).canExecute()) {
                return true;
            }
        }
        return false;
    }
}
