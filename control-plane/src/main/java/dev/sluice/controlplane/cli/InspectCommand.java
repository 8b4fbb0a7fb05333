package dev.sluice.controlplane.cli;

import picocli.CommandLine.Command;

/** {@code sluice inspect}. */
@Command(
        name = "inspect",
        description = "Look into what the storage holds.",
        subcommands = {CheckPagesCommand.class, InspectRedoCommand.class})
final class InspectCommand extends GroupCommand {}
