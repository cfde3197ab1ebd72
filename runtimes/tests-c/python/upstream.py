# SPDX-License-Identifier: GPL-2.0-or-later
"""Written as for lua-resty-ffi's loader: knows only pointers and cffi."""

import threading

from cffi import FFI

ffi = FFI()
ffi.cdef("""
    void *malloc(size_t size);
    void *ngx_http_lua_ffi_task_poll(void *queue);
    char *ngx_http_lua_ffi_get_req(void *task, int *length);
    void ngx_http_lua_ffi_respond(void *task, int rc, char *body, int length);
    """)
host = ffi.dlopen(None)


def serve(queue, greeting):
    while True:
        task = host.ngx_http_lua_ffi_task_poll(queue)
        if task == ffi.NULL:
            return
        length = ffi.new("int *")
        request = host.ngx_http_lua_ffi_get_req(task, length)
        if request == ffi.NULL:
            host.ngx_http_lua_ffi_respond(task, 0, ffi.NULL, 0)
            continue
        answer = greeting + ffi.buffer(request, length[0])[:]
        body = host.malloc(len(answer) + 1)
        ffi.memmove(body, answer + b"\0", len(answer) + 1)
        host.ngx_http_lua_ffi_respond(task, 0, body, len(answer))


def init(cfg, tq):
    greeting = ffi.string(ffi.cast("char *", cfg))
    queue = ffi.cast("void *", tq)
    threading.Thread(target=serve, args=(queue, greeting), daemon=True).start()
    return 0
