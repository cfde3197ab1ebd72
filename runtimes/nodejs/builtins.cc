// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Debian's libnode reads some of its own JavaScript from /usr/share/nodejs, and
 * ends the process when that is not there.  Where libnode was unpacked and not
 * installed, its calls of uv_fs_open() come here, before libuv's, and find
 * those files where they were unpacked.
 */
#include <dlfcn.h>
#include <string>
#include <unistd.h>

#include <uv.h>

static const char INSTALLED[] = "/usr/share/nodejs/";

using Open = int (*)(uv_loop_t *loop, uv_fs_t *req, const char *path, int flags,
		     int mode, uv_fs_cb cb);

extern "C" __attribute__((visibility("default"))) int
uv_fs_open(uv_loop_t *loop, uv_fs_t *req, const char *path, int flags, int mode,
	   uv_fs_cb cb)
{
	static const Open next = (Open)dlsym(RTLD_NEXT, "uv_fs_open");
	std::string name = path ? path : "";
	size_t start = sizeof(INSTALLED) - 1;

	if (!next)
		return UV_ENOSYS;
	if (name.compare(0, start, INSTALLED) == 0 && access(path, F_OK)) {
		name = std::string(NODE_BUILTINS) + "/" + name.substr(start);
		path = name.c_str();
	}
	return next(loop, req, path, flags, mode, cb);
}
