package dev.sluice.controlplane.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** A command that asks the running server something. */
abstract class ClientCommand implements Callable<Integer> {
    @Mixin private final DataOption data = new DataOption();
    @Mixin private final Output output = new Output();

    @Option(
            names = "--project-id",
            paramLabel = "ID",
            description = "Which project, where there are several.")
    private String projectId = "";

    @Spec private CommandSpec spec;

    abstract void run(ApiClient api) throws IOException;

    @Override
    public Integer call() throws IOException {
        run(ApiClient.of(data.folder()));
        return 0;
    }

    final Output output() {
        return output;
    }

    final DataOption data() {
        return data;
    }

    final PrintWriter out() {
        return spec.commandLine().getOut();
    }

    final PrintWriter err() {
        return spec.commandLine().getErr();
    }

    final String project(ApiClient api) throws IOException {
        return api.projectPath(projectId);
    }
}
