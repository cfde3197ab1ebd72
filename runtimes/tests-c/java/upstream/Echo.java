// SPDX-License-Identifier: GPL-2.0-or-later
package upstream;

import jnr.ffi.LibraryLoader;
import jnr.ffi.Pointer;
import jnr.ffi.byref.IntByReference;

/** Written as for lua-resty-ffi's loader: knows only pointers and jnr-ffi. */
public final class Echo {
    /** What the host and libc have. */
    public interface Host {
        long ngx_http_lua_ffi_task_poll(long queue);

        Pointer ngx_http_lua_ffi_get_req(long task, IntByReference length);

        void ngx_http_lua_ffi_respond(long task, int rc, Pointer body, int length);

        Pointer malloc(int size);
    }

    private Echo() {}

    /** Called by the loader. */
    public static int init(String cfg, long queue) {
        Host host = LibraryLoader.create(Host.class).load(LibraryLoader.DEFAULT_LIBRARY);
        Thread thread = new Thread(() -> serve(host, queue));
        thread.setDaemon(true);
        thread.start();
        return 0;
    }

    private static void serve(Host host, long queue) {
        long task;
        while ((task = host.ngx_http_lua_ffi_task_poll(queue)) != 0) {
            IntByReference length = new IntByReference();
            Pointer request = host.ngx_http_lua_ffi_get_req(task, length);
            Pointer body = null;
            int size = length.intValue();
            if (request != null) {
                byte[] bytes = new byte[size + 1];
                request.get(0, bytes, 0, size);
                body = host.malloc(size + 1);
                body.put(0, bytes, 0, size + 1);
            }
            host.ngx_http_lua_ffi_respond(task, 0, body, size);
        }
    }
}
