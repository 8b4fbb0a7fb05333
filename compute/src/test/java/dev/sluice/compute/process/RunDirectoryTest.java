package dev.sluice.compute.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.sluice.compute.binaries.PreparedDirectory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunDirectoryTest {
    @TempDir Path temporary;

    private @Nullable RunDirectory opened;

    @AfterEach
    void removeSockets() throws Exception {
        if (opened != null) {
            PreparedDirectory.deleteTree(opened.sockets());
        }
    }

    private RunDirectory open(Path dataFolder) throws Exception {
        Files.createDirectories(dataFolder);
        RunDirectory directory =
                RunDirectory.open(
                        dataFolder,
                        ComputeUser.current(),
                        Path.of("/run/sluice"),
                        temporary.resolve("lib"));
        opened = directory;
        return directory;
    }

    @Test
    void socketsHaveShortPathsHoweverDeepTheDataFolderIs() throws Exception {
        RunDirectory directory = open(temporary.resolve("a-folder-with-a-long-name/".repeat(12)));

        Path sockets = directory.socketDirectory("ep-cool-darkness-a1b2c3d4e5f6g7");

        assertThat(sockets.resolve(".s.PGSQL.5432").toString())
                .hasSizeLessThanOrEqualTo(RunDirectory.MAX_SOCKET_PATH);
        assertThat((int) Files.getAttribute(sockets, "unix:uid")).isEqualTo(directory.user().uid());
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(sockets)))
                .isEqualTo("rwx------");
        assertThat(directory.socketDirectory("ep-cool-darkness-a1b2c3d4e5f6g7")).isEqualTo(sockets);
    }

    @Test
    void namesThatAreLongOrLeadElsewhereAreHashed() throws Exception {
        RunDirectory directory = open(temporary.resolve("data"));

        assertThat(directory.socketDirectory("../../etc").getParent())
                .isEqualTo(directory.sockets());
        assertThat(directory.computeDirectory("x".repeat(300)).getParent())
                .isEqualTo(directory.computes());
    }

    @Test
    void oneFolderHasOnePlaceAndAnotherHasAnother() throws Exception {
        RunDirectory first = open(temporary.resolve("data"));
        Path link = Files.createSymbolicLink(temporary.resolve("link"), temporary.resolve("data"));

        assertThat(open(link)).isEqualTo(first);

        RunDirectory other = open(temporary.resolve("other"));
        assertThat(other.sockets()).isNotEqualTo(first.sockets());
        PreparedDirectory.deleteTree(first.sockets());
    }

    @Test
    void whatSomebodyElseOwnsIsRefused() throws Exception {
        assumeThat(ComputeUser.ownUid()).isZero();
        Path theirs = Files.createDirectory(temporary.resolve("theirs"));
        ComputeUser.named("nobody").own(theirs);

        assertThatThrownBy(() -> OwnedDirectory.ensure(theirs, "rwx--x--x"))
                .hasMessageContaining("belongs to user");
        Path file = Files.createFile(temporary.resolve("file"));
        assertThatThrownBy(() -> OwnedDirectory.ensure(file, "rwx--x--x"))
                .hasMessageContaining("not a directory");
    }

    @Test
    void aDirectoryThatTheUserCannotEnterIsNamed() throws Exception {
        assumeThat(ComputeUser.ownUid()).isZero();
        Path closed = Files.createDirectory(temporary.resolve("closed"));
        Files.setPosixFilePermissions(temporary, PosixFilePermissions.fromString("rwxr-xr-x"));
        Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("rwx------"));
        Path inside = Files.createDirectory(closed.resolve("inside"));

        assertThatThrownBy(() -> ComputeUser.named("nobody").requireCanEnter(inside))
                .hasMessageContaining("may not enter " + closed);
    }

    @Test
    void rootIsNoComputeUser() {
        assertThatThrownBy(() -> ComputeUser.named("root")).hasMessageContaining("refuses");
        assertThatThrownBy(() -> ComputeUser.named("no-such-user"))
                .hasMessageContaining("no user \"no-such-user\"");
    }
}
