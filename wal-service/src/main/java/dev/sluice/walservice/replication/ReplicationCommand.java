package dev.sluice.walservice.replication;

import dev.sluice.wire.Lsn;
import dev.sluice.wire.SqlState;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a reader may ask (the manual's "Streaming Replication Protocol"), of it what is of use with
 * a safekeeper: there are no slots, for no WAL goes away, and no data directory to be copied.
 */
sealed interface ReplicationCommand {
    /** {@code IDENTIFY_SYSTEM}. */
    record IdentifySystem() implements ReplicationCommand {}

    /** {@code SHOW name}, in lower case. */
    record Show(String name) implements ReplicationCommand {}

    /** {@code TIMELINE_HISTORY tli}. */
    record TimelineHistory(long timeline) implements ReplicationCommand {}

    /** {@code START_REPLICATION [PHYSICAL] X/X [TIMELINE tli]}; timeline 1 when it names none. */
    record Start(Lsn from, long timeline) implements ReplicationCommand {}

    /**
     * Reads a command. Keywords may be in either case, and a semicolon may end it.
     *
     * @throws ReplicationException if it is none, or one that a safekeeper does not serve
     */
    static ReplicationCommand parse(String text) throws ReplicationException {
        String command = text.strip();
        if (command.endsWith(";")) {
            command = command.substring(0, command.length() - 1).strip();
        }
        for (Form form : Form.values()) {
            Matcher matcher = form.pattern.matcher(command);
            if (matcher.matches()) {
                return form.read(matcher);
            }
        }
        int end = 0;
        while (end < command.length() && !Character.isWhitespace(command.charAt(end))) {
            end++;
        }
        throw refusal(command.substring(0, end).toUpperCase(Locale.ROOT), command);
    }

    private static ReplicationException refusal(String keyword, String command) {
        return switch (keyword) {
            case "START_REPLICATION",
                    "CREATE_REPLICATION_SLOT",
                    "READ_REPLICATION_SLOT",
                    "DROP_REPLICATION_SLOT",
                    "ALTER_REPLICATION_SLOT" ->
                    command.toUpperCase(Locale.ROOT).contains("LOGICAL")
                            ? unsupported(
                                    "a safekeeper serves no logical replication",
                                    "Connect to the branch itself: its compute decodes.")
                            : command.toUpperCase(Locale.ROOT).contains("SLOT")
                                    ? unsupported(
                                            "a safekeeper has no replication slots",
                                            "Leave the slot out: WAL is kept without one.")
                                    : syntaxError(command);
            case "BASE_BACKUP", "UPLOAD_MANIFEST" ->
                    unsupported(
                            "a safekeeper has WAL and no data directory",
                            "Take a base backup of the branch itself.");
            case "SELECT", "SET", "BEGIN" ->
                    unsupported(
                            "cannot execute SQL commands in a connection for physical replication",
                            "");
            default -> syntaxError(command);
        };
    }

    private static ReplicationException unsupported(String message, String hint) {
        return new ReplicationException(SqlState.FEATURE_NOT_SUPPORTED, message, hint);
    }

    private static ReplicationException syntaxError(String command) {
        String shown = command.length() > 100 ? command.substring(0, 100) + "…" : command;
        return new ReplicationException(
                SqlState.SYNTAX_ERROR, "not a replication command: \"" + shown + "\"");
    }

    /** A command's form. */
    enum Form {
        IDENTIFY_SYSTEM("IDENTIFY_SYSTEM") {
            @Override
            ReplicationCommand read(Matcher matcher) {
                return new IdentifySystem();
            }
        },
        SHOW("SHOW\\s+(\"?)([A-Za-z_.][A-Za-z0-9_.]*)\\1") {
            @Override
            ReplicationCommand read(Matcher matcher) {
                return new Show(matcher.group(2).toLowerCase(Locale.ROOT));
            }
        },
        TIMELINE_HISTORY("TIMELINE_HISTORY\\s+([0-9]{1,10})") {
            @Override
            ReplicationCommand read(Matcher matcher) {
                return new TimelineHistory(Long.parseLong(matcher.group(1)));
            }
        },
        START_REPLICATION(
                "START_REPLICATION(?:\\s+PHYSICAL)?\\s+([0-9A-F]{1,8}/[0-9A-F]{1,8})"
                        + "(?:\\s+TIMELINE\\s+([0-9]{1,10}))?") {
            @Override
            ReplicationCommand read(Matcher matcher) {
                String timeline = matcher.group(2);
                return new Start(
                        Lsn.parse(matcher.group(1)),
                        timeline == null ? 1 : Long.parseLong(timeline));
            }
        };

        private final Pattern pattern;

        Form(String regex) {
            pattern = Pattern.compile(regex, Pattern.CASE_INSENSITIVE);
        }

        abstract ReplicationCommand read(Matcher matcher);
    }
}
