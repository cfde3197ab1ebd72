# SPDX-License-Identifier: GPL-2.0-or-later
"""What Python code in a router's daemon works with.

A module has a function that the daemon calls once, when a script loads it:

    import frr_runtime

    def init(runtime):
        runtime.serve(answer)

    def answer(request):
        return request

It is loaded by frr.load_ffi("python", "module,init,config"). The functions of
the host are here too: poll, poll_many, get_req, respond, cancelled, log and
those of shared dicts, which take queues and tasks as ints.
"""

import asyncio
import contextvars
import importlib
import inspect
import io
import os
import site
import sys
import threading
import traceback

from _frr_runtime import (
    BATCH,
    HAS_LOG,
    cancelled,
    dict_add,
    dict_delete,
    dict_get,
    dict_incr,
    dict_set,
    get_req,
    log,
    poll,
    poll_many,
    respond,
)

__all__ = [
    "BATCH",
    "Failure",
    "LOG_DEBUG",
    "LOG_ERR",
    "LOG_INFO",
    "LOG_WARNING",
    "Runtime",
    "SharedDict",
    "Task",
    "cancelled",
    "current",
    "dict_add",
    "dict_delete",
    "dict_get",
    "dict_incr",
    "dict_set",
    "get_req",
    "log",
    "poll",
    "poll_many",
    "respond",
]

# Priorities of syslog.
LOG_ERR = 3
LOG_WARNING = 4
LOG_INFO = 6
LOG_DEBUG = 7

_current = contextvars.ContextVar("frr_runtime.current", default=None)


class Failure(Exception):
    """Raised by a handler: the answer has this code, which is not 0, and body."""

    def __init__(self, rc, body=None):
        super().__init__(rc, body)
        self.rc = rc
        self.body = body


class Task:
    """A request that waits for its answer."""

    __slots__ = ("handle", "_open")

    def __init__(self, handle):
        self.handle = handle
        self._open = True

    @property
    def request(self):
        """The request as bytes; None when the script gave none."""
        if not self._open:
            raise RuntimeError("the task is answered, its request is gone")
        return get_req(self.handle)

    def cancelled(self):
        """Does nobody wait for the answer any more? It needs one still."""
        return self._open and cancelled(self.handle)

    def respond(self, body=None, rc=0):
        """Answers with bytes, a str (as UTF-8) or nothing."""
        if not self._open:
            raise RuntimeError("the task is answered already")
        # A body that can't be sent leaves the task open.
        respond(self.handle, rc, body)
        self._open = False

    def __del__(self):
        # Whoever forgets a task must not make a script wait for ever.
        if self._open:
            self._open = False
            respond(self.handle, 1, "the Python code dropped the request")


class Runtime:
    """What a script loaded: its configuration and its queue of tasks."""

    def __init__(self, name, cfg, queue):
        self.name = name
        self.cfg = cfg
        self.queue = queue

    def poll(self, timeout=None):
        """The next task; None when the runtime is unloaded.

        After timeout seconds without a task it raises TimeoutError.
        """
        milliseconds = -1 if timeout is None else max(0, int(timeout * 1000))
        tasks = poll_many(self.queue, 1, milliseconds)
        if tasks is None:
            return None
        if not tasks:
            raise TimeoutError
        return Task(tasks[0])

    def tasks(self):
        """All tasks until the runtime is unloaded."""
        while (task := poll(self.queue)) is not None:
            yield Task(task)

    def serve(self, handler, threads=1):
        """Answers all requests in the background with handler(request).

        What it returns is the answer: bytes, a str or None. A Failure is the
        code that it holds, another exception is code 1 and its text. A
        coroutine function gets an event loop of its own, in which as many
        requests run at a time as scripts send.
        """
        if inspect.iscoroutinefunction(handler):
            self._thread(self._serve_async, handler)
            return
        for _ in range(threads):
            self._thread(self._serve, handler, 1 if threads > 1 else BATCH)

    def _thread(self, target, *args):
        name = f"frr {self.name}"
        threading.Thread(target=target, args=args, name=name, daemon=True).start()

    def _serve(self, handler, batch):
        while (handles := poll_many(self.queue, batch)) is not None:
            for waited, task in enumerate([Task(h) for h in handles]):
                # Those behind a slow one may be too late by now.
                if waited and task.cancelled():
                    task.respond("cancelled", 1)
                    continue
                token = _current.set(task)
                try:
                    _answer(task, handler(task.request))
                except BaseException as error:
                    _fail(task, error)
                _current.reset(token)

    def _serve_async(self, handler):
        asyncio.run(self._loop(handler))

    async def _loop(self, handler):
        loop = asyncio.get_running_loop()
        running = set()
        ended = asyncio.Event()

        async def one(task):
            _current.set(task)
            try:
                _answer(task, await handler(task.request))
            except BaseException as error:
                _fail(task, error)

        def begin(handles):
            if handles is None:
                ended.set()
                return
            for handle in handles:
                work = loop.create_task(one(Task(handle)))
                running.add(work)
                work.add_done_callback(running.discard)

        def wait():
            handles = []
            while handles is not None:
                handles = poll_many(self.queue, BATCH)
                loop.call_soon_threadsafe(begin, handles)

        self._thread(wait)
        await ended.wait()
        for work in running:
            work.cancel()
        await asyncio.gather(*running, return_exceptions=True)


class SharedDict:
    """A store that all scripts and runtimes of the daemon share."""

    def __init__(self, name):
        self.name = name

    def get(self, key):
        """The value as bytes, or None."""
        return dict_get(self.name, key)

    def set(self, key, value, ttl=0):
        """Stores it, for ttl seconds (0: for ever). False: no room."""
        return dict_set(self.name, key, value, int(ttl * 1000))

    def add(self, key, value, ttl=0):
        """Stores it when the key is not there yet."""
        return dict_add(self.name, key, value, int(ttl * 1000))

    def incr(self, key, by=1, init=0):
        """Adds to a number, which begins with init. None: it is no number."""
        return dict_incr(self.name, key, by, init)

    def delete(self, key):
        """Was it there?"""
        return dict_delete(self.name, key)


def current():
    """The task that the handler works on."""
    return _current.get()


def _answer(task, body):
    if task._open:
        task.respond(body)


def _fail(task, error):
    """Answers with what an exception says."""
    if not task._open:
        _report(error)
        return
    if isinstance(error, Failure):
        try:
            task.respond(error.body, error.rc or 1)
            return
        except Exception as bad:
            error = bad
    elif isinstance(error, asyncio.CancelledError):
        task.respond("the runtime is unloaded", 1)
        return
    _report(error)
    text = type(error).__name__
    try:
        text = f"{text}: {error}" if str(error) else text
    except Exception:
        pass  # an exception whose text raises another one
    task.respond(text.encode("utf-8", "backslashreplace"), 1)


def _report(error):
    """In the log; what can't be told there must not end a poller."""
    try:
        traceback.print_exception(error, file=sys.stderr)
    except Exception:
        log(LOG_ERR, f"{type(error).__name__}, which can't be printed")


class _Log(io.TextIOBase):
    """A text file whose lines go to the daemon's log."""

    # A line that does not end is cut here.
    LONGEST = 8192

    def __init__(self, priority):
        self._priority = priority
        # Lines of threads do not run into each other.
        self._rest = threading.local()

    encoding = "utf-8"

    def writable(self):
        return True

    def write(self, text):
        if not isinstance(text, str):
            raise TypeError(f"write() takes a str, not {type(text).__name__}")
        *lines, rest = (getattr(self._rest, "text", "") + text).split("\n")
        while len(rest) > self.LONGEST:
            lines.append(rest[: self.LONGEST])
            rest = rest[self.LONGEST :]
        self._rest.text = rest
        for line in lines:
            self._line(line)
        return len(text)

    def flush(self):
        rest = getattr(self._rest, "text", "")
        if rest:
            self._rest.text = ""
            self._line(rest)

    def _line(self, line):
        log(self._priority, line.encode("utf-8", "backslashreplace").decode())


_folder = "."


def _start(folder):
    """Called once, when the interpreter is there."""
    global _folder
    _folder = os.path.join(folder, "python")
    sys.path.insert(0, _folder)
    if not sys.argv:
        sys.argv = [""]
    # A daemon writes nothing beside its modules, and a reload in the second
    # of a change must not find the old code there.
    sys.dont_write_bytecode = True
    if HAS_LOG:
        sys.stdout = _Log(LOG_INFO)
        sys.stderr = _Log(LOG_WARNING)


class _Bad(Exception):
    """The configuration is wrong in a way that its text explains."""


class _Target:
    """What the configuration names: [SETTING=VALUE;]...MODULE[?],FUNC[,REST]."""

    def __init__(self, cfg):
        head, *more = cfg.split(b",", 2)
        *settings, module = os.fsdecode(head).split(";")
        self.reload = module.endswith("?")
        self.folder, slash, self.module = module.removesuffix("?").rpartition("/")
        if slash:
            # A folder of its own, as lua-resty-ffi's loader takes it.
            self.folder = os.path.join(_folder, self.folder or "/")
        self.function = os.fsdecode(more[0]) if more and more[0] else "init"
        self.rest = os.fsdecode(more[1]) if len(more) > 1 else None
        # Where the rest begins, for functions that take it as a pointer.
        self.offset = len(cfg) - len(more[1]) if len(more) > 1 else None
        self.venv = None
        for setting in settings:
            name, _, value = setting.partition("=")
            if name != "venv" or not value:
                raise _Bad(f'the setting "{setting}" is unknown, there is venv=FOLDER')
            self.venv = value
        if not self.module:
            raise _Bad(
                "the configuration names no module, it has the form"
                ' [venv=FOLDER;]MODULE[?],FUNCTION[,CONFIG], as in "demo.echo,init"'
            )

    def use_venv(self):
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        packages = os.path.join(self.venv, "lib", version, "site-packages")
        if not os.path.isdir(packages):
            raise _Bad(
                f"{self.venv} is no venv of {version} (it has no lib/{version}/site-packages),"
                f" make it with: {version} -m venv {self.venv}"
            )
        if packages in sys.path:
            return
        before = list(sys.path)
        site.addsitedir(packages)
        new = [path for path in sys.path if path not in before]
        # Its packages come before the system's, and after Python's own.
        at = next(
            (i for i, path in enumerate(before) if path.endswith("-packages")),
            len(before),
        )
        sys.path[:] = before[:at] + new + before[at:]

    def find(self):
        """The function, from a module that is read again when that is wanted."""
        if self.venv:
            self.use_venv()
        if self.folder and self.folder not in sys.path:
            sys.path.insert(0, self.folder)
        importlib.invalidate_caches()
        old = sys.modules.get(self.module)
        if old is None:
            module = importlib.import_module(self.module)
        else:
            module = importlib.reload(old) if self.reload else old
        function = getattr(module, self.function, None)
        if not callable(function):
            raise _Bad(f'the module "{self.module}" has no function "{self.function}"')
        return function


def _takes_runtime(function):
    """One parameter: our Runtime. Two: pointers, as lua-resty-ffi has them."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return False
    needed = [
        p
        for p in parameters
        if p.default is p.empty
        and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
    ]
    if len(needed) not in (1, 2):
        raise _Bad(f"{function.__qualname__}() has to take one parameter, the runtime")
    return len(needed) == 1


# Imports change what all runtimes share, so one is loaded at a time.
_loading = threading.Lock()


def _load(cfg, pointer, queue):
    """Loads what the configuration names. The result is libffi_init's."""
    with _loading:
        try:
            target = _Target(cfg)
            function = target.find()
            if _takes_runtime(function):
                result = function(Runtime(target.module, target.rest, queue))
            else:
                at = 0 if target.offset is None else pointer + target.offset
                result = function(at, queue)
            if result is None:
                return 0
            if not isinstance(result, int):
                raise _Bad(
                    f"{target.function}() returned {result!r} and not None or a number"
                )
            return int(result)
        except _Bad as bad:
            if sys.stderr:
                print(f"python: {bad}", file=sys.stderr)
        except BaseException as error:
            _report(error)
        finally:
            # A daemon without a log may have closed them.
            for stream in (sys.stdout, sys.stderr):
                if stream:
                    stream.flush()
    return 1
