package dev.sluice.storage.postgres.v17.redo;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.storage.key.Key;
import dev.sluice.storage.page.Page;
import dev.sluice.storage.postgres.PageView;
import dev.sluice.storage.postgres.RecordDescriber;
import dev.sluice.storage.postgres.v17.Postgres17;
import dev.sluice.walservice.wal.Fork;
import java.time.ZoneOffset;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What people are shown of every record and page of the recorded workloads. */
@ExtendWith(Recordings.class)
class RecordingsShownTest {

    /** No record has an unknown type, or ends before a field that its description shows. */
    @ParameterizedTest
    @EnumSource
    void everyRecordIsDescribed(Recording recording, Recordings.Shelf recordings) throws Exception {
        RecordDescriber describer = Postgres17.INSTANCE.describer(ZoneOffset.UTC);
        recordings
                .get(recording)
                .replay(record -> {
                    assertThat(describer.type(record)).isNotEmpty().doesNotContain("UNKNOWN");
                    assertThat(describer.describe(record)).doesNotContain("damaged", "unknown");
                });
    }

    /** Every page's kind is known, all on it can be made out, and damage never does harm. */
    @ParameterizedTest
    @EnumSource(names = {"TABLES", "INDEXES"})
    void everyPageCanBeShown(Recording recording, Recordings.Shelf recordings) throws Exception {
        long seed = System.nanoTime();
        System.out.println("damaged pages: seed " + seed);
        Random random = new Random(seed);
        for (Map.Entry<Key, byte[]> entry : recordings.get(recording).after().entrySet()) {
            Fork fork = Fork.ofNumber(entry.getKey().fork());
            int block = entry.getKey().block();
            byte[] page = entry.getValue();
            PageView view = Postgres17.INSTANCE.view(page, fork, block);
            assertThat(view.problems()).as(entry.getKey().toString()).isEmpty();
            for (int i = random.nextInt(64); i > 0; i--) {
                page[random.nextInt(4) == 0 ? random.nextInt(Page.SIZE) : random.nextInt(64)] =
                        (byte) random.nextInt();
            }
            assertThat(Postgres17.INSTANCE.view(page, fork, block).kind()).isNotEmpty();
        }
    }
}
