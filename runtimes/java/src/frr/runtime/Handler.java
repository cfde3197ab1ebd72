// SPDX-License-Identifier: GPL-2.0-or-later
package frr.runtime;

/** Answers requests. */
@FunctionalInterface
public interface Handler {
    /**
     * Answers one. A {@link Failure} is the code that it holds, another exception is code 1 and
     * its text.
     *
     * @return the answer, or null for none
     */
    byte[] handle(Task task) throws Exception;
}
