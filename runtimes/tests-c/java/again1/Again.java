// SPDX-License-Identifier: GPL-2.0-or-later
package again;

import frr.runtime.Serve;

/** The first version of a class. */
public final class Again {
    private Again() {}

    /** Called by the daemon. */
    public static int start(String cfg, long queue) {
        Serve.start(queue, task -> version());
        return 0;
    }

    private static byte[] version() {
        return new byte[] {'1'};
    }
}
