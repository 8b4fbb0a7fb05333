package dev.sluice.walservice.safekeeper;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.walservice.safekeeper.CommitHint.Known;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class CommitHintTest {
    private static final Known FIRST = new Known(new Lsn(100), new Lsn(150), 7);
    private static final Known SECOND = new Known(new Lsn(200), new Lsn(250), 8);
    private static final Known THIRD = new Known(new Lsn(300), new Lsn(350), 9);

    @TempDir Path directory;

    private Known reopened() throws IOException {
        try (CommitHint hint = CommitHint.open(directory)) {
            return hint.read();
        }
    }

    private void write(Known... all) throws IOException {
        try (CommitHint hint = CommitHint.open(directory)) {
            for (Known known : all) {
                hint.write(known);
            }
        }
    }

    private void tear(long at) throws IOException {
        try (FileChannel file =
                FileChannel.open(directory.resolve("commit"), StandardOpenOption.WRITE)) {
            file.write(ByteBuffer.wrap(new byte[] {(byte) 0xEE}), at);
        }
    }

    @Test
    void nothingIsKnownOfANewOne() throws IOException {
        assertThat(reopened()).isEqualTo(Known.NOTHING);
    }

    @Test
    void whatWasWrittenLastIsKnown() throws IOException {
        write(FIRST);
        assertThat(reopened()).isEqualTo(FIRST);
        write(SECOND, THIRD);
        assertThat(reopened()).isEqualTo(THIRD);
        write(SECOND);
        assertThat(reopened()).isEqualTo(SECOND);
    }

    @Test
    void aWriteThatWasCutShortLeavesTheOneBefore() throws IOException {
        write(FIRST, SECOND, THIRD);
        tear(64 + 20); // the third is where the first was
        assertThat(reopened()).isEqualTo(SECOND);
        write(FIRST);
        assertThat(reopened()).isEqualTo(FIRST);
        tear(20);
        tear(64 + 20);
        assertThat(reopened()).isEqualTo(Known.NOTHING);
    }

    @Test
    void whatIsForgottenDoesNotComeBack() throws IOException {
        try (CommitHint hint = CommitHint.open(directory)) {
            hint.write(FIRST);
            hint.write(SECOND);
            hint.forgetFlush(new Lsn(200));
            hint.write(THIRD);
        }
        tear(20); // the fourth
        assertThat(reopened()).isEqualTo(new Known(new Lsn(200), Lsn.INVALID, 0));
    }

    @Test
    void oneOfVersion1SaysNothing() throws IOException {
        Files.write(
                directory.resolve("commit"), ByteBuffer.allocate(28).putInt(0x534C4348).array());
        assertThat(reopened()).isEqualTo(Known.NOTHING);
    }
}
