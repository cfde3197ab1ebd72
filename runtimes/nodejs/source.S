// SPDX-License-Identifier: GPL-2.0-or-later
/* The JavaScript half of the loader as a string. */
	.section .rodata
	.global frr_bootstrap_source
	.hidden frr_bootstrap_source
	.type frr_bootstrap_source, %object
frr_bootstrap_source:
	.incbin "bootstrap.js"
	.byte 0
	.size frr_bootstrap_source, . - frr_bootstrap_source
	.section .note.GNU-stack, "", %progbits
