# SPDX-License-Identifier: GPL-2.0
#
# The verbs. The kernel build never reads this file: it prefers Kbuild.

include scripts/driver.conf

export KERNEL KERNEL_TREE KUNIT T FAST V REPEAT ON STOCK KIND EXPECT DEVICE DEVICE2

# needs DIR: what not every driver has.
needs = @[ -d userspace/$(1) ] || { echo "$@: this driver has no userspace/$(1)" >&2; exit 1; }

.PHONY: help demo test kunit integration clients coverage mutants conformance shell lint clean
.PHONY: modules modules_install matrix bench bench-profile bench-loop
.PHONY: new-driver adopt update-scripts

# part DIR LINE...: of the help, if the driver has that.
part = @[ ! -d userspace/$(1) ] || printf '%s\n'

help:
	$(call part,examples) "make demo     one of userspace/examples/, on $(DEVICE) in a running kernel;" \
		"              EXAMPLE=name shows another"
	@echo "make test     every test there is, with one summary"
	@echo "make kunit    the KUnit suites only; T='testkit.*' keeps those that match;"
	@echo "              ARCH=x86_64 has them run in QEMU, on two processors, with KCSAN,"
	@echo "              and again with KASAN"
	@echo "make integration   only programs that use the device, in guests; T=program, or"
	@echo "              a test's full name, keeps what it names, FAST=1"
	@echo "              takes the plain kernel, V=1 shows its log, REPEAT=20 runs"
	@echo "              it so often, ON=host DEVICE=... runs it on this machine,"
	@echo "              ON=qemu KIND=kcsan or kasan on two processors"
	@echo "make mutants  are there tests that notice when the driver's code is wrong?"
	@echo "              FILE=kernel/name.c, SINCE=rev keep some; it goes on where it"
	@echo "              was stopped"
	$(call part,conformance) "make conformance   which rules do other drivers keep, and are those with known" \
		"              bugs caught? ROW=name tries one of userspace/conformance/"
	$(call part,clients) "make clients  other people's programs: coreutils, fio, stress-ng, ..."
	@echo "make coverage which lines, functions and branches the tests reach, and"
	@echo "              whether that is enough; KUNIT=1 for the KUnit suites alone"
	$(call part,bench) "make bench    what the driver costs, beside a pipe: tables, and plots in" \
		"              build/bench; BASE=earlier/bench.json shows what changed" \
		"make bench-profile   in which functions that is; WHAT=64 bytes, or a way" \
		"              of waiting, WHAT=epoll; KIND='$(DRIVER) pipe'"
	@echo "make bench-loop    how long one waits for a verdict, against README.md's goals;"
	@echo "              COLD=0 leaves out what begins with an empty cache, RUNS=3"
	@echo "make shell    a shell in a guest that has $(DEVICE); ON=qemu STOCK=6.1-rt"
	@echo "              takes one of Debian's kernels"
	@echo "make modules  the driver as a module for the kernel that runs, or that"
	@echo "              whose headers are in KDIR=; KUNIT=1 with its KUnit suites"
	@echo "make modules_install   and install it there"
	@echo "make matrix   the tests on Debian's own kernels, in guests with two"
	@echo "              processors; KERNELS='6.1-rt 6.12-amd64' takes others"
	@echo "make lint     style, static checks, and which rule has which test"
	@echo "make new-driver NAME=mydrv DEST=../mydrv   a repository for another driver"
	@echo "make adopt FROM=dir DEST=../mydrv   the same for a module that there is;"
	@echo "              DEVICE=/dev/name, if that is not its name's"
	@echo "make update-scripts FROM=dir-or-url   there: what is not the driver's, newer"
	@echo "make clean    remove build/ (the cache of kernel trees stays)"
	@echo
	@echo "KERNEL=6.12 (default) or 6.1   Debian's kernel source"
	@echo "KERNEL_TREE=dir                your own, which is not written to"
	@echo
	@echo "All set themselves up. So does, after any of them, kunit.py itself:"
	@echo "./tools/testing/kunit/kunit.py run --kunitconfig=.kunitconfig"

demo:
	$(call needs,examples)
	@scripts/demo '$(EXAMPLE)'

test:
	@scripts/run-tests

kunit-um = kunit
kunit-x86_64 = kunit-kcsan kunit-kasan
ARCH = um
kunit:
	@$(if $(kunit-$(ARCH)),,echo "ARCH=$(ARCH): must be um or x86_64" >&2; exit 1;) \
	unset MAKEFLAGS MAKEOVERRIDES; scripts/run-tests $(kunit-$(ARCH))

integration:
	@scripts/run-tests integration

mutants:
	@scripts/mutants $(SINCE:%=--since %) $(FILE)

conformance:
	$(call needs,conformance)
	@scripts/conformance $(ROW)

clients:
	$(call needs,clients)
	@scripts/run-tests clients

coverage:
	@scripts/coverage

bench:
	$(call needs,bench)
	@scripts/bench $(BASE)

bench-profile:
	$(call needs,bench)
	@scripts/bench --profile '$(or $(WHAT),64)' $(or $(KIND),$(DRIVER) pipe)

bench-loop:
	@scripts/dev-loop

shell:
	@scripts/shell

modules:
	@scripts/modules $(if $(KUNIT),--kunit) '$(KDIR)'

modules_install:
	@scripts/modules --install $(if $(KUNIT),--kunit) '$(KDIR)'

matrix:
	@scripts/matrix $(KERNELS)

lint:
	@scripts/lint

new-driver:
	@scripts/new-driver '$(NAME)' '$(DEST)'

adopt:
	@scripts/new-driver --adopt '$(FROM)' '$(DEST)' '$(NAME)' '$(MODULE)' \
		'$(if $(filter command,$(origin DEVICE)),$(DEVICE))'

update-scripts:
	@scripts/update-scripts '$(FROM)'

clean:
	rm -rf build tools
