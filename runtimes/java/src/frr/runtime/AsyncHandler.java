// SPDX-License-Identifier: GPL-2.0-or-later
package frr.runtime;

import java.util.concurrent.CompletionStage;

/** Answers requests later. */
@FunctionalInterface
public interface AsyncHandler {
    /** Begins to answer one; what the stage ends with is the answer, as with {@link Handler}. */
    CompletionStage<byte[]> handle(Task task) throws Exception;
}
