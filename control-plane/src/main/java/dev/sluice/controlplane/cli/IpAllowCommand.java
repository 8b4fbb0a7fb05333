package dev.sluice.controlplane.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code sluice ip-allow}. */
@Command(
        name = "ip-allow",
        description = {
            "From which addresses clients may connect to a project.",
            "An address, a range (10.0.0.1-10.0.0.9) or a block (10.0.0.0/8). An empty list allows all."
        },
        subcommands = {
            IpAllowCommand.ListAllowed.class,
            IpAllowCommand.Add.class,
            IpAllowCommand.Remove.class,
            IpAllowCommand.Reset.class
        })
final class IpAllowCommand extends GroupCommand {

    /** A command that may change the list and prints it. */
    abstract static class AllowedCommand extends ClientCommand {
        abstract Set<String> change(Set<String> allowed) throws IOException;

        @Override
        void run(ApiClient api) throws IOException {
            String project = project(api);
            Set<String> before = allowed(api.get(project));
            Set<String> after = change(before);
            Set<String> now =
                    after.equals(before) ? before : allowed(api.patch(project, body(after)));
            if (output().isJson()) {
                ArrayNode ips = JsonNodeFactory.instance.arrayNode();
                now.forEach(ips::add);
                Output.printJson(out(), ips);
            } else if (now.isEmpty()) {
                out().println("clients may connect from anywhere");
            } else {
                now.forEach(out()::println);
            }
        }

        private static Set<String> allowed(JsonNode answer) {
            Set<String> ips = new LinkedHashSet<>();
            for (JsonNode ip :
                    answer.path("project").path("settings").path("allowed_ips").path("ips")) {
                ips.add(ip.asText());
            }
            return ips;
        }

        private static ObjectNode body(Set<String> ips) {
            ObjectNode body = JsonNodeFactory.instance.objectNode();
            ArrayNode array =
                    body.putObject("project")
                            .putObject("settings")
                            .putObject("allowed_ips")
                            .putArray("ips");
            ips.forEach(array::add);
            return body;
        }
    }

    /** {@code list}. */
    @Command(name = "list", description = "Show the list.")
    static final class ListAllowed extends AllowedCommand {
        @Override
        Set<String> change(Set<String> allowed) {
            return allowed;
        }
    }

    /** {@code add}. */
    @Command(name = "add", description = "Allow more.")
    static final class Add extends AllowedCommand {
        @Parameters(paramLabel = "IP", arity = "1..*", description = "Addresses, ranges, blocks.")
        private List<String> ips = new ArrayList<>();

        @Override
        Set<String> change(Set<String> allowed) {
            Set<String> more = new LinkedHashSet<>(allowed);
            more.addAll(ips);
            return more;
        }
    }

    /** {@code remove}. */
    @Command(name = "remove", description = "Allow less; the last one that goes allows all.")
    static final class Remove extends AllowedCommand {
        @Parameters(paramLabel = "IP", arity = "1..*", description = "As the list shows them.")
        private List<String> ips = new ArrayList<>();

        @Override
        Set<String> change(Set<String> allowed) throws IOException {
            Set<String> fewer = new LinkedHashSet<>(allowed);
            for (String ip : ips) {
                if (!fewer.remove(ip)) {
                    throw new IOException(ip + " is not in the list");
                }
            }
            return fewer;
        }
    }

    /** {@code reset}. */
    @Command(name = "reset", description = "Put these in the list's place; none allows all.")
    static final class Reset extends AllowedCommand {
        @Parameters(paramLabel = "IP", arity = "0..*", description = "Addresses, ranges, blocks.")
        private List<String> ips = new ArrayList<>();

        @Override
        Set<String> change(Set<String> allowed) {
            return new LinkedHashSet<>(ips);
        }
    }
}
