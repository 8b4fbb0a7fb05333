package dev.sluice.architecture;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.ArchConfiguration;
import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.time.Clock;
import java.time.Instant;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.DynamicTest;

/**
 * What holds in every module. A module's architecture test is {@link #of} its root package; which
 * modules may know which is in their poms.
 */
public final class HouseRules {
    /** Bytes and events in, bytes and decisions out. */
    private static final String[] PURE = {
        "dev.sluice.wire.frontend..",
        "dev.sluice.wire.backend..",
        "dev.sluice.wire.frame..",
        "dev.sluice.wire.startup..",
        "dev.sluice.wire.replication..",
        "dev.sluice.wire.scram..",
        "dev.sluice.walservice.consensus..",
        "dev.sluice.walservice.offload..",
        "dev.sluice.walservice.timeline..",
        "dev.sluice.walservice.wal..",
        "dev.sluice.storage.ingest..",
        "dev.sluice.storage.key..",
        "dev.sluice.storage.page..",
        "dev.sluice.storage.postgres..",
        "dev.sluice.storage.redo..",
        "dev.sluice.gateway.parking..",
        "dev.sluice.gateway.pooling.queue..",
        "dev.sluice.gateway.pooling.statement..",
        "dev.sluice.gateway.pooling.state..",
        "dev.sluice.gateway.http.sql..",
    };

    private static final String[] OUTSIDE_WORLD = {
        "java.net..",
        "java.nio.channels..",
        "java.nio.file..",
        "java.util.concurrent..",
        "org.slf4j..",
    };

    /** Speaks Postgres's protocol, whose messages are read from and written to Netty's buffers. */
    private static final String REPLICATION = "dev.sluice.walservice.replication..";

    private static final Set<String> CLOCKS =
            Set.of(Instant.class.getName(), Clock.class.getName(), System.class.getName());
    private static final Set<String> CLOCK_METHODS = Set.of("now", "nanoTime", "currentTimeMillis");

    /** Names that say how something is made, not what it is. */
    private static final String NO_NAMES = ".*(Util|Utils|Manager|Impl)";

    /** What Postgres calls it. */
    private static final String POSTGRES_NAME = "ResourceManager";

    private HouseRules() {}

    /** One test for each rule, over the classes below a module's root package, tests excepted. */
    public static Stream<DynamicTest> of(String rootPackage) {
        // The rules ask about other classes only what their names tell; reading them takes seconds.
        ArchConfiguration.get().setResolveMissingDependenciesFromClassPath(false);
        JavaClasses classes =
                new ClassFileImporter()
                        .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                        .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_JARS)
                        .importPackages(rootPackage);
        if (classes.isEmpty()) {
            throw new IllegalArgumentException("no classes in " + rootPackage);
        }
        return rules(rootPackage)
                .map(rule ->
                        DynamicTest.dynamicTest(
                                rule.getDescription(),
                                () -> rule.allowEmptyShould(true).check(classes)));
    }

    private static Stream<ArchRule> rules(String rootPackage) {
        return Stream.of(
                pureLogicTouchesNothing(),
                pureLogicHasNoClockAndNoThread(),
                nettyStaysInFront(),
                onlyBuffersInTheProtocol(),
                slices().matching(rootPackage + ".(*)..").should().beFreeOfCycles(),
                onlyTheCommandLinePrints(),
                packagesAreNullMarked(),
                messagesAreValues(),
                noMutableStaticState(),
                namedAfterWhatTheyAre());
    }

    private static ArchRule pureLogicTouchesNothing() {
        return noClasses()
                .that()
                .resideInAnyPackage(PURE)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(OUTSIDE_WORLD)
                .orShould()
                .dependOnClassesThat()
                .haveNameMatching("java\\.io\\.(File.*|RandomAccessFile|Console)");
    }

    private static ArchRule pureLogicHasNoClockAndNoThread() {
        return noClasses()
                .that()
                .resideInAnyPackage(PURE)
                .should()
                .dependOnClassesThat()
                .areAssignableTo(Thread.class)
                .orShould()
                .accessTargetWhere(asksForTheTime());
    }

    private static DescribedPredicate<JavaAccess<?>> asksForTheTime() {
        return DescribedPredicate.describe(
                "a clock is asked",
                access ->
                        CLOCKS.contains(access.getTargetOwner().getName())
                                && CLOCK_METHODS.contains(access.getTarget().getName()));
    }

    private static ArchRule nettyStaysInFront() {
        return noClasses()
                .that()
                .resideOutsideOfPackages("dev.sluice.wire..", "dev.sluice.gateway..", REPLICATION)
                .should()
                .dependOnClassesThat()
                .resideInAPackage("io.netty..");
    }

    private static ArchRule onlyBuffersInTheProtocol() {
        return classes()
                .that()
                .resideInAnyPackage("dev.sluice.wire..", REPLICATION)
                .should()
                .onlyDependOnClassesThat(
                        DescribedPredicate.describe(
                                "are no more of Netty than its buffers",
                                other ->
                                        !other.getPackageName().startsWith("io.netty.")
                                                || other.getPackageName().equals("io.netty.buffer")
                                                || other.getPackageName().equals("io.netty.util")));
    }

    private static ArchRule onlyTheCommandLinePrints() {
        return noClasses()
                .that()
                .resideOutsideOfPackage("dev.sluice.controlplane.cli..")
                .should()
                .accessField(System.class, "out")
                .orShould()
                .accessField(System.class, "err");
    }

    private static ArchRule packagesAreNullMarked() {
        return classes()
                .should(
                        new ArchCondition<>("be in a package with @NullMarked and a description") {
                            @Override
                            public void check(JavaClass item, ConditionEvents events) {
                                if (!item.getPackage().isAnnotatedWith(NullMarked.class)) {
                                    events.add(
                                            SimpleConditionEvent.violated(
                                                    item,
                                                    item.getPackageName()
                                                            + " has no @NullMarked package-info"));
                                }
                            }
                        });
    }

    /** What is said is a record or an enum, for everything sealed that is said. */
    private static ArchRule messagesAreValues() {
        return classes()
                .that()
                .areNotInterfaces()
                .and(
                        DescribedPredicate.describe(
                                "are messages",
                                item ->
                                        item.getAllRawInterfaces().stream()
                                                .map(JavaClass::getSimpleName)
                                                .anyMatch(HouseRules::isSaid)))
                .should(
                        new ArchCondition<>("be records or enums") {
                            @Override
                            public void check(JavaClass item, ConditionEvents events) {
                                if (!item.isRecord() && !item.isEnum()) {
                                    events.add(
                                            SimpleConditionEvent.violated(
                                                    item, item.getName() + " is neither"));
                                }
                            }
                        });
    }

    private static boolean isSaid(String type) {
        return type.endsWith("Message") || type.endsWith("Request") || type.endsWith("Reply");
    }

    private static ArchRule noMutableStaticState() {
        return fields().that()
                .areStatic()
                .and()
                .doNotHaveModifier(JavaModifier.SYNTHETIC)
                .should()
                .beFinal();
    }

    private static ArchRule namedAfterWhatTheyAre() {
        return noClasses()
                .that()
                .doNotHaveSimpleName(POSTGRES_NAME)
                .should()
                .haveNameMatching(NO_NAMES);
    }
}
