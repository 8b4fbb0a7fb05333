package dev.sluice.compute.binaries;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import java.util.zip.CheckedInputStream;

/**
 * What a {@link PreparedDirectory} holds, written into it when it is complete, as the file {@value
 * #NAME}:
 *
 * <pre>
 *   sluice-listing 1
 *   &lt;size in bytes&gt; &lt;CRC32C, 8 hex digits&gt; &lt;path relative to the directory&gt;     (one line per regular file)
 *   …
 *   end &lt;CRC32C of everything before this line&gt;
 * </pre>
 */
final class DirectoryListing {
    static final String NAME = ".sluice-listing";
    private static final String HEADER = "sluice-listing 1";

    private DirectoryListing() {}

    static void write(Path directory) throws IOException {
        StringBuilder text = new StringBuilder(HEADER).append('\n');
        try (Stream<Path> walk = Files.walk(directory)) {
            walk.filter(path -> Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS))
                    .sorted()
                    .forEach(path -> text.append(line(directory, path)).append('\n'));
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
        String crc = hex(crcOf(text));
        text.append("end ").append(crc).append('\n');
        Files.writeString(directory.resolve(NAME), text);
    }

    private static String line(Path directory, Path file) {
        try {
            return Files.size(file) + " " + hex(crcOf(file)) + " " + directory.relativize(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Whether the directory is there and holds what it was listed with. Files added later do not
     * matter.
     *
     * @param contents also compare the checksums of the files, not only their sizes
     */
    static boolean agrees(Path directory, boolean contents) throws IOException {
        String text;
        try {
            text = Files.readString(directory.resolve(NAME));
        } catch (NoSuchFileException e) {
            return false;
        }
        List<String> lines = text.lines().toList();
        String last = lines.isEmpty() ? "" : lines.getLast();
        int end = Math.max(0, text.length() - last.length() - 1);
        if (lines.isEmpty()
                || !lines.getFirst().equals(HEADER)
                || !last.equals("end " + hex(crcOf(text.substring(0, end))))) {
            return false;
        }
        for (String line : lines.subList(1, lines.size() - 1)) {
            if (!agrees(directory, line, contents)) {
                return false;
            }
        }
        return true;
    }

    private static boolean agrees(Path directory, String line, boolean contents)
            throws IOException {
        String[] fields = line.split(" ", 3);
        Path file = directory.resolve(fields[2]);
        try {
            return Files.size(file) == Long.parseLong(fields[0])
                    && (!contents || hex(crcOf(file)).equals(fields[1]));
        } catch (NoSuchFileException e) {
            return false;
        }
    }

    private static long crcOf(CharSequence text) {
        CRC32C crc = new CRC32C();
        crc.update(text.toString().getBytes(StandardCharsets.UTF_8));
        return crc.getValue();
    }

    private static long crcOf(Path file) throws IOException {
        CRC32C crc = new CRC32C();
        try (InputStream in =
                new CheckedInputStream(
                        new BufferedInputStream(Files.newInputStream(file), 1 << 16), crc)) {
            in.transferTo(java.io.OutputStream.nullOutputStream());
        }
        return crc.getValue();
    }

    private static String hex(long crc) {
        return String.format("%08x", crc);
    }
}
