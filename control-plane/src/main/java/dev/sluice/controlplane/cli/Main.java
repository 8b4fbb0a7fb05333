package dev.sluice.controlplane.cli;

import dev.sluice.wire.Lsn;
import java.io.PrintWriter;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.util.Arrays;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** {@code sluice}: everything a person does with it from a shell. */
@Command(
        name = "sluice",
        description = "Serverless Postgres that anyone can host.",
        version = Main.VERSION,
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            UpCommand.class,
            DownCommand.class,
            StatusCommand.class,
            PsqlCommand.class,
            ConnectionStringCommand.class,
            ProjectsCommand.class,
            BranchesCommand.class,
            EndpointsCommand.class,
            RolesCommand.class,
            DatabasesCommand.class,
            OperationsCommand.class,
            SafekeepersCommand.class,
            IpAllowCommand.class,
            ReloadCommand.class,
            InspectCommand.class,
            WarmUpCommand.class,
            WarmUpServerCommand.class,
            PartCommands.SafekeeperCommand.class,
            PartCommands.PageserverCommand.class,
            PartCommands.AgentCommand.class,
            PartCommands.ControlPlaneCommand.class,
            PartCommands.GatewayCommand.class
        })
public final class Main implements Runnable {
    static final String VERSION = "sluice 0.1.0";

    @Spec private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(
                spec.commandLine(), "which command? (sluice --help lists them)");
    }

    /**
     * The command line with its rules for errors: one clear line on standard error, exit code 1, or
     * 2 for bad usage.
     */
    static CommandLine commandLine() {
        CommandLine line = new CommandLine(new Main());
        addHelp(line);
        line.setCaseInsensitiveEnumValuesAllowed(true);
        line.registerConverter(Lsn.class, Main::lsn);
        line.setExecutionExceptionHandler((exception, command, result) -> {
            complain(command.getErr(), exception);
            return 1;
        });
        line.setParameterExceptionHandler((exception, _) -> {
            CommandLine at = exception.getCommandLine();
            at.getErr().println("sluice: " + exception.getMessage());
            at.getErr()
                    .println(
                            "        ("
                                    + at.getCommandSpec().qualifiedName()
                                    + " --help tells more)");
            return 2;
        });
        return line;
    }

    private static Lsn lsn(String text) {
        try {
            return Lsn.parse(text);
        } catch (IllegalArgumentException e) {
            throw new TypeConversionException(String.valueOf(e.getMessage()));
        }
    }

    private static void addHelp(CommandLine line) {
        line.getCommandSpec().mixinStandardHelpOptions(true).version(VERSION);
        line.getSubcommands().values().forEach(Main::addHelp);
    }

    private static void complain(PrintWriter err, Exception exception) {
        String message =
                switch (exception) {
                    // Their messages are but a path.
                    case NoSuchFileException e -> "no such file or directory: " + e.getFile();
                    case AccessDeniedException e -> "permission denied: " + e.getFile();
                    default ->
                            exception.getMessage() == null
                                    ? exception.toString()
                                    : exception.getMessage();
                };
        err.println("sluice: " + message.lines().findFirst().orElse(exception.toString()));
        if (System.getenv("SLUICE_DEBUG") != null) {
            exception.printStackTrace(err);
        }
    }

    public static void main(String[] arguments) {
        int code = commandLine().execute(arguments);
        System.out.flush();
        System.err.flush();
        if (code != 0 || Arrays.stream(arguments).noneMatch("up"::equals)) {
            System.exit(code);
        }
    }
}
