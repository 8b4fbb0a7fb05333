package dev.sluice.storage.postgres.v17.redo;

import java.io.IOException;
import java.util.EnumMap;
import java.util.Map;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * Gives tests {@link Recording}s: each is made when first asked for, shared by all test classes,
 * and removed when all tests are done.
 */
final class Recordings implements ParameterResolver {

    /** What was recorded so far. */
    static final class Shelf implements AutoCloseable {
        private final Map<Recording, RecordedCluster> recorded = new EnumMap<>(Recording.class);

        synchronized RecordedCluster get(Recording recording) throws Exception {
            RecordedCluster cluster = recorded.get(recording);
            if (cluster == null) {
                cluster = recording.record();
                recorded.put(recording, cluster);
            }
            return cluster;
        }

        @Override
        public synchronized void close() throws IOException {
            for (RecordedCluster cluster : recorded.values()) {
                cluster.close();
            }
        }
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return parameter.getParameter().getType() == Shelf.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        return context.getRoot()
                .getStore(Namespace.create(Recordings.class))
                .computeIfAbsent(Shelf.class, _ -> new Shelf());
    }
}
