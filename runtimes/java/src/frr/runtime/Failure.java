// SPDX-License-Identifier: GPL-2.0-or-later
package frr.runtime;

/** An answer whose code is not 0. */
public final class Failure extends Exception {
    private static final long serialVersionUID = 1;

    /** The code. */
    public final int code;

    /** The body, or null. */
    @SuppressWarnings("serial")
    public final byte[] body;

    /** With a code that is not 0. */
    public Failure(int code, byte[] body) {
        super("code " + code, null, false, false);
        this.code = code == 0 ? 1 : code;
        this.body = body;
    }
}
