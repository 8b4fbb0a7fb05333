package dev.sluice.storage.oracle;

import dev.sluice.storage.key.Key;
import dev.sluice.storage.key.Slru;
import dev.sluice.storage.page.Page;
import dev.sluice.storage.postgres.ControlFile;
import dev.sluice.storage.postgres.PostgresMajor;
import dev.sluice.storage.postgres.ReplicationOriginFile;
import dev.sluice.walservice.wal.Fork;
import dev.sluice.walservice.wal.RelFileLocator;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a Postgres data directory holds, by the keys that a timeline has for it. The directory may
 * be a copy of a running or crashed cluster: files may be missing or short, and what is none of a
 * relation's, an SLRU's or a transaction's is passed over (temporary relations among it).
 *
 * @param control its {@code pg_control}
 * @param blockFiles relation forks by the key of their size, free space maps excepted, and SLRU
 *     segments
 * @param files the content of relation maps, {@code PG_VERSION} of databases, two-phase states, and
 *     the progress of replication origins
 * @param hasTablespaces whether there are any of its own making
 */
record DataDirectory(
        Path path,
        PostgresMajor major,
        ControlFile control,
        Map<Key, BlockFiles> blockFiles,
        Map<Key, byte[]> files,
        boolean hasTablespaces) {

    /** {@code RELSEG_SIZE}: blocks in one file of a relation fork. */
    static final int BLOCKS_PER_FILE = 131072;

    private static final Pattern RELATION =
            Pattern.compile("([1-9][0-9]{0,9})(?:_(fsm|vm|init))?(?:\\.([1-9][0-9]{0,4}))?");
    private static final Pattern DATABASE = Pattern.compile("[1-9][0-9]{0,9}");
    private static final Pattern SLRU_SEGMENT = Pattern.compile("[0-9A-F]{4,6}");
    private static final Pattern TWO_PHASE = Pattern.compile("[0-9A-F]{16}");
    private static final int HEXADECIMAL = 16;

    /**
     * The files that a fork or SLRU segment lies in.
     *
     * @param parts in order, each but the last full
     * @param blocks whole blocks in all of them
     */
    record BlockFiles(List<Path> parts, int blocks) {}

    /**
     * @throws IOException if it is no data directory of a supported major
     */
    static DataDirectory open(Path directory) throws IOException {
        PostgresMajor major = major(directory);
        Path control = directory.resolve("global/pg_control");
        ControlFile controlFile;
        try {
            controlFile = major.controlFile(Files.readAllBytes(control));
        } catch (IOException e) {
            throw new IOException(control + ": " + e.getMessage(), e);
        }
        DataDirectory content =
                new DataDirectory(
                        directory,
                        major,
                        controlFile,
                        new HashMap<>(),
                        new HashMap<>(),
                        !names(directory.resolve("pg_tblspc")).isEmpty());
        content.addRelations(directory.resolve("global"), RelFileLocator.GLOBAL_TABLESPACE, 0);
        for (String name : names(directory.resolve("base"))) {
            if (DATABASE.matcher(name).matches()) {
                content.addRelations(
                        directory.resolve("base").resolve(name),
                        RelFileLocator.DEFAULT_TABLESPACE,
                        Integer.parseUnsignedInt(name));
            }
        }
        for (Slru slru : Slru.values()) {
            content.addSlru(slru);
        }
        content.addTwoPhaseStates();
        content.addOrigins();
        return content;
    }

    private static PostgresMajor major(Path directory) throws IOException {
        Path file = directory.resolve("PG_VERSION");
        String version = Files.readString(file, StandardCharsets.US_ASCII).strip();
        try {
            return PostgresMajor.of(Integer.parseInt(version));
        } catch (IllegalArgumentException e) {
            throw new IOException(directory + " is of Postgres " + version + ": " + e, e);
        }
    }

    private static List<String> names(Path directory) throws IOException {
        List<String> names = new ArrayList<>();
        if (Files.isDirectory(directory)) {
            try (DirectoryStream<Path> stream = Files.newDirectoryStream(directory)) {
                for (Path file : stream) {
                    names.add(file.getFileName().toString());
                }
            }
        }
        return names;
    }

    private void addRelations(Path directory, int tablespace, int database) throws IOException {
        Map<Key, TreeMap<Integer, Path>> parts = new HashMap<>();
        for (String name : names(directory)) {
            Matcher relation = RELATION.matcher(name);
            if (relation.matches()) {
                Fork fork = fork(relation.group(2));
                int number = Integer.parseUnsignedInt(relation.group(1));
                int part = relation.group(3) == null ? 0 : Integer.parseInt(relation.group(3));
                if (fork != Fork.FSM) {
                    RelFileLocator locator = new RelFileLocator(tablespace, database, number);
                    parts.computeIfAbsent(Key.relationSize(locator, fork), _ -> new TreeMap<>())
                            .put(part, directory.resolve(name));
                }
            } else if (name.equals("pg_filenode.map")) {
                files.put(
                        Key.relationMap(tablespace, database),
                        Files.readAllBytes(directory.resolve(name)));
            } else if (name.equals("PG_VERSION")) {
                files.put(
                        Key.database(tablespace, database),
                        Files.readAllBytes(directory.resolve(name)));
            }
        }
        for (var fork : parts.entrySet()) {
            blockFiles.put(fork.getKey(), chain(fork.getValue()));
        }
    }

    private static Fork fork(String suffix) {
        return switch (suffix) {
            case null -> Fork.MAIN;
            case "vm" -> Fork.VISIBILITY_MAP;
            case "init" -> Fork.INIT;
            default -> Fork.FSM;
        };
    }

    /** A file that is not full is the last, whatever comes after it ({@code mdnblocks}). */
    private static BlockFiles chain(TreeMap<Integer, Path> parts) throws IOException {
        List<Path> chain = new ArrayList<>();
        int blocks = 0;
        for (int part = 0; parts.containsKey(part); part++) {
            Path file = parts.get(part);
            int inFile = blocks(file);
            chain.add(file);
            blocks += inFile;
            if (inFile < BLOCKS_PER_FILE) {
                break;
            }
        }
        return new BlockFiles(List.copyOf(chain), blocks);
    }

    private static int blocks(Path file) throws IOException {
        return Math.toIntExact(Files.size(file) / Page.SIZE);
    }

    private void addSlru(Slru slru) throws IOException {
        Path directory = path.resolve(slru.directory());
        for (String name : names(directory)) {
            if (SLRU_SEGMENT.matcher(name).matches()) {
                Path file = directory.resolve(name);
                blockFiles.put(
                        Key.slruSegment(slru, Integer.parseInt(name, HEXADECIMAL)),
                        new BlockFiles(List.of(file), blocks(file)));
            }
        }
    }

    private void addTwoPhaseStates() throws IOException {
        Path directory = path.resolve("pg_twophase");
        for (String name : names(directory)) {
            if (TWO_PHASE.matcher(name).matches()) {
                byte[] state = Files.readAllBytes(directory.resolve(name));
                files.put(major.twoPhaseKey(name, state), state);
            }
        }
    }

    private void addOrigins() throws IOException {
        Path file = path.resolve(ReplicationOriginFile.PATH);
        if (Files.exists(file)) {
            ReplicationOriginFile.parse(Files.readAllBytes(file))
                    .forEach((origin, progress) ->
                            files.put(Key.replicationOrigin(origin), progress.image().bytes()));
        }
    }
}
