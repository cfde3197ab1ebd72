// SPDX-License-Identifier: GPL-2.0-or-later
/* The Python half of the loader as a string. */
	.section .rodata
	.global frr_runtime_source
	.hidden frr_runtime_source
	.type frr_runtime_source, %object
frr_runtime_source:
	.incbin "frr_runtime.py"
	.byte 0
	.size frr_runtime_source, . - frr_runtime_source
	.section .note.GNU-stack, "", %progbits
