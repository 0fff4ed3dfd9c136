# SPDX-License-Identifier: GPL-2.0
# rdm: reliable datagram sockets. `make help` lists what there is to make.
# What the module itself is made of stands in Kbuild.

KDIR ?= /lib/modules/$(shell uname -r)/build
PREFIX ?= /usr/local
VM_KERNEL ?= stock
LANES := style unit fuzz sim vm kunit debug

# The kernel's build reads Kbuild, not this file, so nothing here leaks into it
MAKEFLAGS += --no-print-directory
export KDIR

.PHONY: all sim module kdir tools help deps demo test bench vm install clean \
	$(addprefix test-,$(LANES))

all: module

module: kdir
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

kdir:
	@tools/test/deps.sh build
	@[ -e "$(KDIR)/Makefile" ] || tools/test/deps.sh headers

tools:
	@tools/test/deps.sh build
	$(MAKE) -C tools

help:
	@echo 'make              build rdm.ko for the running kernel, or for KDIR='
	@echo 'make demo         watch messages and files cross a bad network (about 5 minutes;'
	@echo '                  in a virtual machine, nothing is loaded on this one; VM_KERNEL as below)'
	@echo 'make test         every test below; the last line is "N passed, N failed"'
	@echo 'make bench        rdm beside UDP, TCP and others, in a virtual machine, against the'
	@echo '                  goals; BENCH='"'"'rr stream rdm-rdm'"'"' measures only these parts'
	@echo '                  and protocols (tools/bench/guest.sh lists them)'
	@echo 'make sim          more than 100,000 schedules of group members that fail, simulated'
	@echo 'make vm           a shell in a virtual machine with the module loaded'
	@echo '                  (VM_KERNEL=debug: with every checker of the kernel on; 6.12; newest)'
	@echo 'make tools        the programs rdmcat, rdmchat, rdmperf and withrdm, in build/tools/'
	@echo 'make install      module, header, programs and manual pages (PREFIX=, DESTDIR=)'
	@echo 'make deps         install the Debian packages that all of this needs'
	@echo 'make clean        remove what was built; KEEP_KERNELS=1 keeps build/kernels'
	@echo
	@echo 'make test-style   checkpatch, sparse, compiler warnings, shellcheck, header checks'
	@echo 'make test-unit    the pure files in user space, under ASan and UBSan'
	@echo 'make test-fuzz    wire format, reassembly and groups under libFuzzer, 50 s each'
	@echo 'make test-sim     associations against each other over a simulated bad network'
	@echo 'make test-vm      selftests in Debian'"'"'s kernel, in a virtual machine'
	@echo 'make test-kunit   KUnit tests in the debug kernel'
	@echo 'make test-debug   selftests in the debug kernel: KASAN, lockdep, kmemleak and more'
	@echo
	@echo 'Not in make test, which is of one kernel and as it was yesterday:'
	@echo 'make test-6.12    selftests in the kernel of bookworm-backports'
	@echo 'make test-newest  selftests in the newest one that Debian has, of trixie-backports'
	@echo
	@echo 'The first test-kunit or test-debug builds a kernel (about 10 minutes).'
	@echo 'Tests write to build/test/. V=1 shows all output of make test as it comes.'

deps:
	@tools/test/deps.sh all

demo:
	@tools/test/deps.sh vm
	@VM_KERNEL=$(VM_KERNEL) tools/demo/demo.sh

test:
	@tools/test/run-lanes.sh $(LANES)

sim:
	@tools/test/deps.sh sim
	@$(MAKE) -C sim many

test-style test-unit test-fuzz test-sim test-kunit:
	@tools/test/deps.sh $(@:test-%=%)
	@tools/test/$(@:test-%=%).sh

test-vm:
	@tools/test/deps.sh selftests
	@tools/test/vm.sh stock

test-debug:
	@tools/test/deps.sh debug
	@tools/test/vm.sh debug

test-6.12 test-newest:
	@tools/test/deps.sh selftests
	@tools/test/vm.sh $(@:test-%=%)

bench:
	@tools/test/deps.sh bench
	@tools/bench/bench.sh $(BENCH)

vm:
	@tools/test/deps.sh vm
	@$(MAKE) -C tools
	@tools/vm/run.sh --kernel $(VM_KERNEL) --timeout 86400 --rdm --python \
		$(foreach t,$(sort $(wildcard build/tools/*)),--add $(t):/bin/$(notdir $(t))) --shell

install: module tools
	$(MAKE) -C $(KDIR) M=$(CURDIR) $(if $(DESTDIR),INSTALL_MOD_PATH=$(DESTDIR)) modules_install
	$(MAKE) -C tools install DESTDIR=$(DESTDIR) PREFIX=$(PREFIX)
	install -D -m 644 include/uapi/linux/rdm.h $(DESTDIR)$(PREFIX)/include/linux/rdm.h
	for page in $(wildcard man/*.7); do \
		install -D -m 644 $$page $(DESTDIR)$(PREFIX)/share/man/man7/$${page#man/} || exit 1; \
	done

clean:
	if [ -e "$(KDIR)/Makefile" ]; then $(MAKE) -C $(KDIR) M=$(CURDIR) clean; fi
	if [ -n "$(KEEP_KERNELS)" ] && [ -d build ]; then \
		find build -mindepth 1 -maxdepth 1 ! -name kernels -exec rm -rf {} +; \
	else \
		rm -rf build; \
	fi
