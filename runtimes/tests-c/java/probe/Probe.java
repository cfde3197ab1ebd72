// SPDX-License-Identifier: GPL-2.0-or-later
package probe;

import frr.runtime.Failure;
import frr.runtime.Host;
import frr.runtime.Log;
import frr.runtime.Serve;
import frr.runtime.SharedDict;
import frr.runtime.Task;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Does what the test asks for; all languages have the same one. */
public final class Probe {
    private Probe() {}

    /** Called by the daemon. */
    public static int init(String cfg, long queue) {
        Serve.start(queue, 4, task -> answer(cfg, task));
        return 0;
    }

    private static byte[] answer(String cfg, Task task) throws Exception {
        String[] words = task.text().split(" ", 2);
        String rest = words.length > 1 ? words[1] : "";
        switch (words[0]) {
            case "cfg":
                return bytes(cfg);
            case "rc":
                String[] code = rest.split(" ", 2);
                throw new Failure(Integer.parseInt(code[0]), code.length > 1 ? bytes(code[1]) : null);
            case "nothing":
                return null;
            case "empty":
                return new byte[0];
            case "fail":
                throw new IllegalStateException(rest);
            case "worse":
                throw new IllegalStateException() {
                    private static final long serialVersionUID = 1;

                    @Override
                    public String toString() {
                        throw new IllegalStateException("no text");
                    }
                };
            case "exit":
                System.exit(0);
                return null;
            case "log":
                Log.line(Host.LOG_WARNING, rest);
                return bytes("ok");
            case "say":
                System.out.println(rest);
                System.err.println(rest + " twice");
                return bytes("ok");
            case "cancelled":
                while (!task.cancelled()) {
                    Thread.sleep(2);
                }
                return bytes("seen");
            case "twice":
                task.respond(0, bytes("once"));
                task.respond(0, bytes("again"));
                return null;
            case "shared":
                return shared();
            case "big":
                byte[] big = new byte[Integer.parseInt(rest)];
                Arrays.fill(big, (byte) 'x');
                return big;
            default:
                throw new IllegalArgumentException(task.text());
        }
    }

    private static byte[] shared() {
        SharedDict store = new SharedDict("test");
        byte[] value = {'a', 0, 'b'};
        boolean[] steps = {
            store.set("key", value, 0),
            Arrays.equals(store.get("key"), value),
            store.get("none") == null,
            !store.add("key", value, 0),
            store.incr("number", 2, 40).getAsDouble() == 42,
            store.delete("key"),
            !store.delete("key"),
            store.delete("number"),
        };
        for (boolean step : steps) {
            if (!step) {
                return bytes(Arrays.toString(steps));
            }
        }
        return bytes("ok");
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
