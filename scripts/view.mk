# SPDX-License-Identifier: GPL-2.0
# GNUmakefile of a prepared kernel tree: make finds it before the kernel's
# Makefile. It lets one build at a time into the tree, whoever started it:
# kunit.py run by hand knows of no lock.

MAKEFLAGS += --no-print-directory

# From gcc 14 on, UML's code model puts large objects into sections where kmemleak
# does not look, as if nothing that they point to were needed.
ifeq ($(ARCH),um)
ifeq ($(shell [ "$$(gcc -dumpversion)" -ge 14 ] && echo y),y)
export KCFLAGS := $(KCFLAGS) -mlarge-data-threshold=2147483647
endif
endif

lock := $(CURDIR).lock
goals := $(or $(MAKECMDGOALS),all)

.PHONY: $(goals) build
$(goals): build ;
build:
	+@flock -n $(lock) true || echo "waiting for another build in $(CURDIR)" >&2; \
	flock $(lock) $(MAKE) -f Makefile $(MAKECMDGOALS)

# Neither this file nor the kernel's is anything to remake.
GNUmakefile Makefile: ;
