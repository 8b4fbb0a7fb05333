package dev.sluice.controlplane.server;

import java.lang.reflect.Proxy;

/**
 * SIGHUP, which asks a server to read its configuration again. The JDK has no supported way to hear
 * of it; {@code sun.misc.Signal} is what the module {@code jdk.unsupported} keeps for that, and
 * naming it in the source makes the compiler warn, so it is found by name.
 */
final class Hangup {
    private Hangup() {}

    /** The last one that was given is called, on a thread of its own, one call at a time. */
    static void calls(Runnable reload) {
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            Object calling =
                    Proxy.newProxyInstance(
                            handler.getClassLoader(),
                            new Class<?>[] {handler},
                            (proxy, method, arguments) -> {
                                if (method.getDeclaringClass() == handler) {
                                    reload.run();
                                    return null;
                                }
                                return method.invoke(reload, arguments);
                            });
            Object hangup = signal.getConstructor(String.class).newInstance("HUP");
            var _ = signal.getMethod("handle", signal, handler).invoke(null, hangup, calling);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("this JDK has no module jdk.unsupported", e);
        }
    }
}
