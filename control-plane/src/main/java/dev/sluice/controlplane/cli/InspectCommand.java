package dev.sluice.controlplane.cli;

import picocli.CommandLine.Command;

/** {@code sluice inspect}. */
@Command(
        name = "inspect",
        description = "Look into what the storage holds.",
        subcommands = {
            CheckPagesCommand.class,
            InspectPageCommand.class,
            InspectRedoCommand.class,
            InspectWalCommand.class
        })
final class InspectCommand extends GroupCommand {}
