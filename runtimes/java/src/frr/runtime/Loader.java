// SPDX-License-Identifier: GPL-2.0-or-later
package frr.runtime;

import java.io.File;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Loads what a script names; the library calls it. */
final class Loader {
    private static final String FORM =
            "it has the form [classpath=PATH:PATH;]CLASS[?],METHOD[,CONFIG], as in \"demo.Echo,init\"";

    /** Classes that are not read again, one loader for each class path. */
    private static final Map<String, ClassLoader> SHARED = new HashMap<>();

    /** The folder with the jars of the runtimes. */
    private static String folder = ".";

    /** The configuration is wrong in a way that its text explains. */
    private static final class Bad extends Exception {
        private static final long serialVersionUID = 1;

        Bad(String text) {
            super(text);
        }
    }

    private Loader() {}

    /** Called once, when the virtual machine is there. */
    static void start(byte[] path, boolean hasLog) {
        folder = new String(path, StandardCharsets.UTF_8);
        if (hasLog) {
            Log.redirect();
        }
        // A thread whose code throws is told of in the log, and no more.
        Thread.setDefaultUncaughtExceptionHandler((thread, error) -> error.printStackTrace());
    }

    /** What libffi_init returns. */
    static synchronized int load(byte[] cfg, long queue) {
        try {
            return call(new String(cfg, StandardCharsets.UTF_8), queue);
        } catch (Bad bad) {
            Host.log(Host.LOG_ERR, ("java: " + bad.getMessage()).getBytes(StandardCharsets.UTF_8));
        } catch (InvocationTargetException error) {
            error.getCause().printStackTrace();
        } catch (Throwable error) {
            error.printStackTrace();
        }
        return 1;
    }

    private static int call(String cfg, long queue) throws Exception {
        String[] parts = cfg.split(",", 3);
        String[] settings = parts[0].split(";");
        String name = settings.length == 0 ? "" : settings[settings.length - 1];
        String classPath = classPath(settings);
        boolean again = name.endsWith("?");
        if (again) {
            name = name.substring(0, name.length() - 1);
        }
        if (name.isEmpty()) {
            throw new Bad("the configuration names no class, " + FORM);
        }
        String function = parts.length > 1 && !parts[1].isEmpty() ? parts[1] : "init";
        ClassLoader shared = shared(classPath);
        ClassLoader loader = again ? new Fresh(urls(classPath), shared, name) : shared;
        Class<?> type;
        try {
            type = Class.forName(name, true, loader);
        } catch (ClassNotFoundException error) {
            throw new Bad("there is no class \"" + name + "\" in " + classPath);
        }
        Method method = method(type, function);
        // What looks for services or resources finds those of the class.
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        thread.setContextClassLoader(loader);
        try {
            Object result = method.invoke(null, parts.length > 2 ? parts[2] : null, queue);
            return result instanceof Integer rc ? rc : 0;
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    private static Method method(Class<?> type, String name) throws Bad {
        try {
            Method method = type.getDeclaredMethod(name, String.class, long.class);
            Class<?> result = method.getReturnType();
            if (Modifier.isStatic(method.getModifiers()) && (result == int.class || result == void.class)) {
                method.setAccessible(true);
                return method;
            }
        } catch (NoSuchMethodException error) {
            // Said below.
        }
        throw new Bad("the class " + type.getName() + " has no \"static int " + name + "(String cfg, long queue)\"");
    }

    /** The class path of the configuration, then the environment's, then what is installed. */
    private static String classPath(String[] settings) throws Bad {
        List<String> paths = new ArrayList<>();
        for (int i = 0; i < settings.length - 1; i++) {
            String value = settings[i].startsWith("classpath=") ? settings[i].substring("classpath=".length()) : "";
            // The library reads opts before there is a virtual machine.
            if (settings[i].startsWith("opts=")) {
                continue;
            }
            if (value.isEmpty()) {
                throw new Bad("the setting \"" + settings[i] + "\" is unknown, there are classpath=PATH and opts=OPTIONS");
            }
            for (String path : value.split(File.pathSeparator)) {
                if (!new File(path).exists()) {
                    throw new Bad("the class path names " + path + ", which is not there");
                }
                paths.add(path);
            }
        }
        String environment = System.getenv("CLASSPATH");
        if (environment != null && !environment.isEmpty()) {
            paths.add(environment);
        }
        paths.add(folder);
        File[] jars = new File(folder).listFiles((dir, file) -> file.endsWith(".jar") && !file.equals("frr-runtime.jar"));
        for (File jar : jars == null ? new File[0] : jars) {
            paths.add(jar.getPath());
        }
        return String.join(File.pathSeparator, paths);
    }

    private static URL[] urls(String classPath) throws MalformedURLException {
        List<URL> urls = new ArrayList<>();
        for (String path : classPath.split(File.pathSeparator)) {
            if (!path.isEmpty()) {
                urls.add(new File(path).toURI().toURL());
            }
        }
        return urls.toArray(new URL[0]);
    }

    private static ClassLoader shared(String classPath) throws MalformedURLException {
        ClassLoader loader = SHARED.get(classPath);
        if (loader == null) {
            loader = new URLClassLoader(urls(classPath), Loader.class.getClassLoader());
            SHARED.put(classPath, loader);
        }
        return loader;
    }

    /**
     * Reads the classes of one package again, and those below it. Libraries that they use stay,
     * which matters to those with native code: a library of C belongs to one class loader.
     */
    private static final class Fresh extends URLClassLoader {
        private final String prefix;

        Fresh(URL[] urls, ClassLoader parent, String name) {
            super(urls, parent);
            int dot = name.lastIndexOf('.');
            prefix = dot < 0 ? name : name.substring(0, dot + 1);
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            if (!name.startsWith(prefix)) {
                return super.loadClass(name, resolve);
            }
            synchronized (getClassLoadingLock(name)) {
                Class<?> type = findLoadedClass(name);
                if (type == null) {
                    try {
                        type = findClass(name);
                    } catch (ClassNotFoundException error) {
                        return super.loadClass(name, resolve);
                    }
                }
                if (resolve) {
                    resolveClass(type);
                }
                return type;
            }
        }
    }
}
