package dev.sluice.controlplane.cli;

import java.io.IOException;
import picocli.CommandLine.Option;

/** A command about what is in a branch, the default branch if none is named. */
abstract class BranchCommand extends ClientCommand {
    @Option(names = "--branch", paramLabel = "BRANCH", description = "Default: the default branch.")
    private String branch = "";

    /** The branch's path in the API. */
    final String branch(ApiClient api) throws IOException {
        return api.branchPath(project(api), branch);
    }
}
