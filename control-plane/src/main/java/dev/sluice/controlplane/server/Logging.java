package dev.sluice.controlplane.server;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.rolling.FixedWindowRollingPolicy;
import ch.qos.logback.core.rolling.RollingFileAppender;
import ch.qos.logback.core.rolling.SizeBasedTriggeringPolicy;
import ch.qos.logback.core.util.FileSize;
import java.nio.file.Path;
import org.slf4j.LoggerFactory;

/**
 * Where log lines go: a server's into a file of the data folder, with a bound on how much is kept;
 * a command's nowhere.
 */
public final class Logging {
    private static final String PATTERN =
            "%d{yyyy-MM-dd'T'HH:mm:ss.SSSXXX} %-5level %logger{0} [%thread] %msg%n%ex";
    private static final FileSize MAX_FILE = FileSize.valueOf("32MB");
    private static final int OLD_FILES = 4;

    private Logging() {}

    public static void off() {
        root().setLevel(Level.OFF);
    }

    public static void toFile(Path file, boolean verbose) {
        LoggerContext context = context();
        context.reset();
        Logger root = root();
        root.addAppender(appender(context, file, PATTERN));
        root.setLevel(Level.INFO);
        ((Logger) LoggerFactory.getLogger("dev.sluice"))
                .setLevel(verbose ? Level.DEBUG : Level.INFO);
        // Warns at every start that it was not tried with this H2. We did, and why it is this one
        // is in decision 007.
        ((Logger) LoggerFactory.getLogger("org.flywaydb.core.internal.database.base.Database"))
                .setLevel(Level.ERROR);
    }

    /** A logger whose messages go to a file of their own, as they are. */
    static Logger linesTo(String name, Path file) {
        Logger logger = (Logger) LoggerFactory.getLogger(name);
        logger.detachAndStopAllAppenders();
        logger.setAdditive(false);
        logger.setLevel(Level.INFO);
        logger.addAppender(appender(context(), file, "%msg%n"));
        return logger;
    }

    private static RollingFileAppender<ILoggingEvent> appender(
            LoggerContext context, Path file, String pattern) {
        PatternLayoutEncoder encoder = new PatternLayoutEncoder();
        encoder.setContext(context);
        encoder.setPattern(pattern);
        encoder.start();

        RollingFileAppender<ILoggingEvent> appender = new RollingFileAppender<>();
        appender.setContext(context);
        appender.setFile(file.toString());
        appender.setEncoder(encoder);

        FixedWindowRollingPolicy rolling = new FixedWindowRollingPolicy();
        rolling.setContext(context);
        rolling.setParent(appender);
        rolling.setFileNamePattern(file + ".%i");
        rolling.setMaxIndex(OLD_FILES);
        rolling.start();
        SizeBasedTriggeringPolicy<ILoggingEvent> trigger = new SizeBasedTriggeringPolicy<>();
        trigger.setContext(context);
        trigger.setMaxFileSize(MAX_FILE);
        trigger.start();
        appender.setRollingPolicy(rolling);
        appender.setTriggeringPolicy(trigger);
        appender.start();
        return appender;
    }

    private static LoggerContext context() {
        return (LoggerContext) LoggerFactory.getILoggerFactory();
    }

    private static Logger root() {
        return (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    }
}
