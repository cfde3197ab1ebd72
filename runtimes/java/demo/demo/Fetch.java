// SPDX-License-Identifier: GPL-2.0-or-later
package demo;

import frr.runtime.Failure;
import frr.runtime.Serve;
import frr.runtime.Task;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * Fetches the address in the request, with Java's own HTTP client, any number at a time: {@code
 * frr.load_ffi("java", "demo.Fetch,init")}. A status other than 200 is the code of the answer.
 */
public final class Fetch {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private Fetch() {}

    /** Called by the daemon. */
    public static int init(String cfg, long queue) {
        HttpClient client = HttpClient.newBuilder()
                .connectTimeout(PATIENCE)
                .followRedirects(HttpClient.Redirect.NORMAL)
                .build();
        Serve.startAsync(queue, task -> fetch(client, task));
        return 0;
    }

    private static CompletableFuture<byte[]> fetch(HttpClient client, Task task) {
        HttpRequest request = HttpRequest.newBuilder(URI.create(task.text())).timeout(PATIENCE).build();
        return client.sendAsync(request, BodyHandlers.ofByteArray()).thenApply(response -> {
            if (response.statusCode() != 200) {
                throw new CompletionException(new Failure(response.statusCode(), response.body()));
            }
            return response.body();
        });
    }
}
