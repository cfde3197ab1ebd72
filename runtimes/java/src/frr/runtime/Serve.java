// SPDX-License-Identifier: GPL-2.0-or-later
package frr.runtime;

import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;

/** Threads that take requests and hand them to what answers them. */
public final class Serve {
    /** How many tasks are taken at once by a thread that is alone. */
    private static final int BATCH = 64;

    private Serve() {}

    /** Answers all requests in one thread, until the runtime is unloaded. */
    public static void start(long queue, Handler handler) {
        start(queue, 1, handler);
    }

    /** Answers all requests in some threads. */
    public static void start(long queue, int threads, Handler handler) {
        for (int i = 0; i < threads; i++) {
            thread(queue, threads == 1 ? BATCH : 1, task -> {
                byte[] body = handler.handle(task);
                if (!task.answered()) {
                    task.respond(0, body);
                }
            });
        }
    }

    /** Begins to answer requests in one thread; the answers come from where they are made. */
    public static void startAsync(long queue, AsyncHandler handler) {
        thread(queue, BATCH, task -> {
            CompletionStage<byte[]> stage = handler.handle(task);
            stage.whenComplete((body, error) -> {
                try {
                    if (error != null) {
                        boolean wrapped = error instanceof CompletionException && error.getCause() != null;
                        task.fail(wrapped ? error.getCause() : error);
                    } else if (!task.answered()) {
                        task.respond(0, body);
                    }
                } catch (RuntimeException bad) {
                    task.fail(bad);
                }
            });
        });
    }

    @FunctionalInterface
    private interface Step {
        void run(Task task) throws Exception;
    }

    private static void thread(long queue, int batch, Step step) {
        Thread thread = new Thread(() -> loop(queue, batch, step), "frr poller");
        thread.setDaemon(true);
        thread.start();
    }

    private static void loop(long queue, int batch, Step step) {
        long[] handles = new long[batch];
        int count;
        while ((count = Host.poll(queue, handles, -1)) >= 0) {
            for (int i = 0; i < count; i++) {
                // Those behind a slow one may be too late by now.
                if (i > 0 && Host.cancelled(handles[i])) {
                    Host.respond(handles[i], 1, null);
                } else {
                    one(handles[i], step);
                }
            }
        }
    }

    private static void one(long handle, Step step) {
        Task task;
        try {
            task = new Task(handle);
        } catch (Throwable error) {
            // No memory for the request: say so with what needs none.
            Host.respond(handle, 1, null);
            return;
        }
        try {
            step.run(task);
        } catch (Throwable error) {
            fail(task, error);
        }
    }

    /** Whatever happens, the poller goes on: without it the runtime is dead. */
    private static void fail(Task task, Throwable error) {
        try {
            task.fail(error);
        } catch (Throwable worse) {
            if (!task.answered()) {
                task.respond(1, null);
            }
        }
    }
}
