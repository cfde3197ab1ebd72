// SPDX-License-Identifier: GPL-2.0-or-later
package frr.runtime;

/**
 * The functions of the daemon. Queues and tasks are numbers.
 *
 * <p>They are registered by the library that started the virtual machine, so no code loads a
 * library for them.
 */
public final class Host {
    /** The daemon's log has an error. */
    public static final int LOG_ERR = 3;

    /** The daemon's log has a warning. */
    public static final int LOG_WARNING = 4;

    /** The daemon's log has a note. */
    public static final int LOG_INFO = 6;

    /** The daemon's log has a detail. */
    public static final int LOG_DEBUG = 7;

    private Host() {}

    /**
     * Waits for at most as many tasks as the array has room for.
     *
     * @param timeoutMs -1: for ever
     * @return how many there are; 0: the time is over; -1: the runtime is unloaded, stop polling
     */
    public static native int poll(long queue, long[] tasks, int timeoutMs);

    /** The request, or null when the script gave none. */
    public static native byte[] request(long task);

    /** The answer, once for each task; the body may be null. */
    public static native void respond(long task, int rc, byte[] body);

    /** Does nobody wait for the answer any more? */
    public static native boolean cancelled(long task);

    /** A line for the daemon's log; false where the host takes none. */
    static native boolean log(int priority, byte[] utf8);

    /** 1: value[0] is it; 0: there is none; -1: a bad argument. */
    static native int dictGet(byte[] dict, byte[] key, byte[][] value);

    /** 0, or -1 when there is no room. */
    static native int dictSet(byte[] dict, byte[] key, byte[] value, int ttlMs);

    /** As dictSet, and -1 when the key is there already. */
    static native int dictAdd(byte[] dict, byte[] key, byte[] value, int ttlMs);

    /** 0: result[0] is the new number. */
    static native int dictIncr(byte[] dict, byte[] key, double by, double init, double[] result);

    /** 1: it was there. */
    static native int dictDelete(byte[] dict, byte[] key);
}
