package dev.sluice.walservice.safekeeper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.sluice.walservice.client.SafekeeperException;
import dev.sluice.walservice.client.SafekeeperRequest;
import dev.sluice.walservice.consensus.Configuration;
import dev.sluice.walservice.timeline.TenantId;
import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.walservice.timeline.Term;
import dev.sluice.walservice.timeline.TimelineId;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

final class TimelinesTest {
    private static final SafekeeperRequest.Create CREATE =
            new SafekeeperRequest.Create(
                    new TenantTimelineId(TenantId.random(), TimelineId.random()),
                    42,
                    17,
                    Configuration.first(List.of(1L)),
                    Lsn.parse("0/15000A8"),
                    Term.NONE);

    @TempDir Path directory;

    private Timelines open() throws IOException {
        return new Timelines(
                1, directory, new DiskSpace(1, directory, 0, DiskSpace.Probe.of(directory)), null);
    }

    private Path file(String suffix) {
        TenantTimelineId id = CREATE.id();
        return directory.resolve(id.tenant().toString()).resolve(id.timeline() + suffix);
    }

    @Test
    void aDeletionThatAKillCutShortIsCompletedAtTheNextStart() throws IOException {
        try (Timelines timelines = open()) {
            timelines.create(CREATE, null);
        }
        Files.createFile(file(".gone"));
        Files.createDirectory(file(".damaged"));
        try (Timelines timelines = open()) {
            assertThat(timelines.ids()).isEmpty();
            assertThat(timelines.gone()).containsExactly(CREATE.id());
            assertThat(file("")).doesNotExist();
            timelines.delete(CREATE.id());
        }
    }

    @Test
    void aDeletionThatFailedInTheMiddleCanBeTriedAgain() throws IOException {
        try (Timelines timelines = open()) {
            timelines.create(CREATE, null);
            Files.createFile(file(".gone"));
            Files.createDirectory(file(".damaged"));
            timelines.delete(CREATE.id());
            assertThat(timelines.ids()).isEmpty();
            assertThat(file("")).doesNotExist();
            assertThat(file(".damaged")).doesNotExist();
        }
    }

    @Test
    void whatWasNotThereWhenItWasDeletedDoesNotComeAfterwards() throws IOException {
        try (Timelines timelines = open()) {
            timelines.delete(CREATE.id());
            assertThat(timelines.isGone(CREATE.id())).isTrue();
            assertThatThrownBy(() -> timelines.create(CREATE, null))
                    .isInstanceOf(SafekeeperException.class)
                    .hasMessageContaining("was deleted");
            assertThat(timelines.ids()).isEmpty();
        }
    }

    /** A second one would append to the same files, and hear of no commit that the first learns. */
    @Test
    void isOpenOnceHoweverManyAskWhileItIsMade() throws Exception {
        try (Timelines timelines = open();
                ExecutorService asking = Executors.newFixedThreadPool(3)) {
            for (int round = 0; round < 50; round++) {
                SafekeeperRequest.Create create = creating(TimelineId.random());
                AtomicBoolean made = new AtomicBoolean();
                List<Future<Set<StoredTimeline>>> asked = new ArrayList<>();
                for (int i = 0; i < 3; i++) {
                    asked.add(asking.submit(() -> seenUntil(made, timelines, create.id())));
                }
                timelines.create(create, null);
                made.set(true);
                Set<StoredTimeline> seen = new HashSet<>();
                for (Future<Set<StoredTimeline>> each : asked) {
                    seen.addAll(each.get());
                }
                assertThat(seen).containsExactly(timelines.get(create.id()));
                timelines.delete(create.id());
            }
        }
    }

    private static Set<StoredTimeline> seenUntil(
            AtomicBoolean made, Timelines timelines, TenantTimelineId id) {
        Set<StoredTimeline> seen = new HashSet<>();
        while (true) {
            boolean last = made.get();
            try {
                seen.add(timelines.get(id));
            } catch (IOException e) {
                assertThat(e).hasMessageContaining("no timeline");
            }
            if (last) {
                return seen;
            }
        }
    }

    @Test
    void nothingIsSaidOfTimelinesThatAreNotThereAnyMore() throws Exception {
        ListAppender<ILoggingEvent> said = new ListAppender<>();
        said.start();
        Logger log = (Logger) LoggerFactory.getLogger(Timelines.class);
        log.addAppender(said);
        try (Timelines timelines = open();
                ExecutorService listing = Executors.newFixedThreadPool(1)) {
            AtomicBoolean over = new AtomicBoolean();
            Future<?> lists =
                    listing.submit(() -> {
                        while (!over.get()) {
                            timelines.statuses();
                        }
                    });
            for (int round = 0; round < 50; round++) {
                SafekeeperRequest.Create create = creating(TimelineId.random());
                timelines.create(create, null);
                timelines.delete(create.id());
                assertThatThrownBy(() -> timelines.get(create.id())).hasMessageContaining("no");
            }
            over.set(true);
            lists.get();
        } finally {
            log.detachAppender(said);
        }
        assertThat(said.list).extracting(ILoggingEvent::getFormattedMessage).isEmpty();
    }

    private static SafekeeperRequest.Create creating(TimelineId timeline) {
        return new SafekeeperRequest.Create(
                new TenantTimelineId(CREATE.id().tenant(), timeline),
                CREATE.systemIdentifier(),
                CREATE.postgresMajor(),
                CREATE.configuration(),
                CREATE.start(),
                CREATE.term());
    }

    @Test
    void whatOthersHavePutIntoTheFolderIsLeftAlone() throws IOException {
        try (Timelines timelines = open()) {
            timelines.create(CREATE, null);
        }
        Files.createDirectories(directory.resolve("lost+found/deep"));
        Files.writeString(file("").resolveSibling("notes.txt"), "mine");
        Files.createDirectory(file(".before"));
        try (Timelines timelines = open()) {
            assertThat(timelines.ids()).containsExactly(CREATE.id());
            assertThat(timelines.statuses()).hasSize(1);
        }
        assertThat(directory.resolve("lost+found/deep")).exists();
        assertThat(file("").resolveSibling("notes.txt")).hasContent("mine");
    }
}
