// SPDX-License-Identifier: GPL-2.0-or-later
package frr.runtime;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/** The daemon's log. */
public final class Log {
    /** A line that does not end is cut here. */
    private static final int LONGEST = 8192;

    private Log() {}

    /** A line with a priority, see {@link Host}. */
    public static void line(int priority, String text) {
        Host.log(priority, text.getBytes(StandardCharsets.UTF_8));
    }

    /** Sends what programs print there, where the host takes it. */
    static void redirect() {
        System.setOut(stream(Host.LOG_INFO));
        System.setErr(stream(Host.LOG_WARNING));
    }

    private static PrintStream stream(int priority) {
        return new PrintStream(new Lines(priority), true, StandardCharsets.UTF_8);
    }

    /** A PrintStream locks around each print, but only lines of one thread belong together. */
    private static final class Lines extends OutputStream {
        private final int priority;
        private final ThreadLocal<ByteArrayOutputStream> rest = ThreadLocal.withInitial(ByteArrayOutputStream::new);

        Lines(int priority) {
            this.priority = priority;
        }

        @Override
        public void write(int b) {
            ByteArrayOutputStream line = rest.get();
            if (b == '\n' || line.size() >= LONGEST) {
                Host.log(priority, line.toByteArray());
                line.reset();
            }
            if (b != '\n') {
                line.write(b);
            }
        }
    }
}
