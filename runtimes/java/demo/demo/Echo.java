// SPDX-License-Identifier: GPL-2.0-or-later
package demo;

import frr.runtime.Serve;

/** Answers with the request: {@code frr.load_ffi("java", "demo.Echo,init")}. */
public final class Echo {
    private Echo() {}

    /** Called by the daemon. */
    public static int init(String cfg, long queue) {
        if ("fail".equals(cfg)) {
            throw new IllegalArgumentException("told to fail");
        }
        Serve.start(queue, task -> task.request);
        return 0;
    }
}
