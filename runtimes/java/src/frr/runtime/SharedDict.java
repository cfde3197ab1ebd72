// SPDX-License-Identifier: GPL-2.0-or-later
package frr.runtime;

import java.nio.charset.StandardCharsets;
import java.util.OptionalDouble;

/** A store that all scripts and runtimes of the daemon share. */
public final class SharedDict {
    private final byte[] name;

    /** The one that scripts call by this name. */
    public SharedDict(String name) {
        this.name = (name + "\0").getBytes(StandardCharsets.UTF_8);
    }

    /** The value, or null. */
    public byte[] get(String key) {
        byte[][] value = new byte[1][];
        int rc = Host.dictGet(name, bytes(key), value);
        if (rc < 0) {
            throw new IllegalArgumentException("no such shared dict, or a bad key");
        }
        return value[0];
    }

    /** Stores it, for some milliseconds or for ever (0). False: no room. */
    public boolean set(String key, byte[] value, int ttlMs) {
        return Host.dictSet(name, bytes(key), value, ttlMs) == 0;
    }

    /** Stores it when the key is not there yet. */
    public boolean add(String key, byte[] value, int ttlMs) {
        return Host.dictAdd(name, bytes(key), value, ttlMs) == 0;
    }

    /** Adds to a number, which begins with init. Empty: it is no number. */
    public OptionalDouble incr(String key, double by, double init) {
        double[] result = new double[1];
        boolean good = Host.dictIncr(name, bytes(key), by, init, result) == 0;
        return good ? OptionalDouble.of(result[0]) : OptionalDouble.empty();
    }

    /** Was it there? */
    public boolean delete(String key) {
        return Host.dictDelete(name, bytes(key)) == 1;
    }

    private static byte[] bytes(String key) {
        return key.getBytes(StandardCharsets.UTF_8);
    }
}
