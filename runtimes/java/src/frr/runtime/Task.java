// SPDX-License-Identifier: GPL-2.0-or-later
package frr.runtime;

import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicBoolean;

/** A request that waits for its answer. */
public final class Task {
    private final long handle;
    private final AtomicBoolean answered = new AtomicBoolean();

    /** The request, or null when the script gave none. */
    public final byte[] request;

    Task(long handle) {
        this.handle = handle;
        this.request = Host.request(handle);
    }

    /** The request as text; empty when the script gave none. */
    public String text() {
        return request == null ? "" : new String(request, StandardCharsets.UTF_8);
    }

    /** Does nobody wait for the answer any more? It needs one still. */
    public boolean cancelled() {
        return !answered.get() && Host.cancelled(handle);
    }

    /**
     * Answers with a code, which is 0 when all went well, and a body or null.
     *
     * @throws IllegalStateException when it is answered already
     */
    public void respond(int code, byte[] body) {
        if (!answered.compareAndSet(false, true)) {
            throw new IllegalStateException("the task is answered already");
        }
        Host.respond(handle, code, body);
    }

    boolean answered() {
        return answered.get();
    }

    /** Answers with what an exception says, unless it is answered. */
    void fail(Throwable error) {
        if (error instanceof Failure failure && !answered()) {
            respond(failure.code, failure.body);
            return;
        }
        error.printStackTrace();
        if (!answered()) {
            respond(1, error.toString().getBytes(StandardCharsets.UTF_8));
        }
    }
}
