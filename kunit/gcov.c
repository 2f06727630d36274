// SPDX-License-Identifier: GPL-2.0
/*
 * Has the kernel write gcov's counts when it halts. A program does so by a
 * destructor, for which newer compilers use a section that UML's linker script
 * does not collect.
 */
#include <init.h>

void __gcov_dump(void);

__uml_exitcall(__gcov_dump);
