# SPDX-License-Identifier: GPL-2.0
#
# make                 library, tools, tests' programs stay unbuilt
# make check           all tests        make check-unit  those without a VM
# make bench           speed figures    make fuzz        each fuzzer, FUZZ_TIME s
# make install         DESTDIR= PREFIX=, and make uninstall
# make clean           removes build/
# make help            this and the variables
#
# V=1 shows commands, DEBUG=1 builds without optimisation, SAN=address,undefined
# with sanitizers, CC=clang with another compiler; BUILD= says where objects go.

VERSION   := 0.1.0
SOVERSION := 0

V     ?= 0
DEBUG ?= 0
SAN   ?=
# For tests: AVX-VNNI kernels encoded for processors that have AVX-512 instead.
EVEX  ?=
BUILD ?= build$(if $(SAN),/san)$(if $(filter 1,$(DEBUG)),/debug)
# Below this folder always relative: files of dependencies know objects by name.
override BUILD := $(patsubst $(CURDIR)/%,%,$(abspath $(BUILD)))
$(if $(filter-out $(CURDIR),$(BUILD)),,$(error BUILD= must be a folder of its own))

PREFIX     ?= /usr/local
BINDIR     ?= $(PREFIX)/bin
LIBDIR     ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
MANDIR     ?= $(PREFIX)/share/man
COMPDIR    ?= $(PREFIX)/share/bash-completion/completions
DOCDIR     ?= $(PREFIX)/share/doc/akida
UDEVDIR    ?= $(PREFIX)/lib/udev/rules.d
SYSUSERSDIR ?= $(PREFIX)/lib/sysusers.d
UNITDIR    ?= $(PREFIX)/lib/systemd/system
CONFDIR    ?= /etc/akida
LIBEXECDIR ?= $(PREFIX)/libexec/akida

FUZZ_TIME ?= 60
AKIDA_SHARED ?= ../shared
export AKIDA_SHARED

CROSS_COMPILE ?=
ifeq ($(origin CC),default)
CC := $(CROSS_COMPILE)gcc
endif
ifeq ($(origin AR),default)
AR := $(CROSS_COMPILE)ar
endif
ifeq ($(origin LD),default)
LD := $(CROSS_COMPILE)ld
endif
OBJCOPY    ?= $(CROSS_COMPILE)objcopy
PKG_CONFIG ?= pkg-config
CLANG      ?= clang
INSTALL    ?= install

ifneq ($(V),1)
Q := @
say = @printf '  %-7s %s\n' '$(1)' '$(2)'
else
say = @:
endif

# A wrong goal or a clean must not need a compiler.
ifneq ($(filter-out clean help,$(or $(MAKECMDGOALS),all)),)
ARCH := $(firstword $(subst -, ,$(shell $(CC) -dumpmachine)))
endif

CFLAGS ?= -g $(if $(filter 1,$(DEBUG)),-O0,-O2)
WARN   := -Wall -Wextra -Werror -Wstrict-prototypes -Wmissing-prototypes \
	  -Wold-style-definition -Wpointer-arith -Wvla
# -ffp-contract=off: a fused multiply-add must be one that the source asks for,
# or two instruction sets would round differently.
override CFLAGS += -std=gnu11 $(WARN) -ffp-contract=off -fno-strict-aliasing \
	  -fvisibility=hidden -fPIC -pthread -DAKIDA_VERSION='"$(VERSION)"' \
	  $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer)
override CPPFLAGS += -D_GNU_SOURCE -Iuserspace/include -Iuserspace/lib -Iuapi $(if $(EVEX),-DAKIDA_EVEX) \
	  $(if $(SAN)$(filter 1,$(DEBUG)),,-D_FORTIFY_SOURCE=2)
override LDFLAGS += -pthread $(if $(SAN),-fsanitize=$(SAN))

# One file per instruction set, told by its suffix.
ISA_x86_64  := avx2 avxvnni avx512vnni
ISA_aarch64 := neon dotprod
ISA_ALL     := $(ISA_x86_64) $(ISA_aarch64)
ISAFLAGS_avx2       := -mavx2 -mfma -mf16c
ISAFLAGS_avxvnni    := -mavx2 -mfma -mavxvnni
ISAFLAGS_avx512vnni := -mavx512f -mavx512bw -mavx512vl -mavx512dq -mavx512vnni -mfma -mf16c -mprefer-vector-width=512
ISAFLAGS_neon       :=
ISAFLAGS_dotprod    := -march=armv8.2-a+dotprod

foreign_isa = $(foreach i,$(filter-out $(ISA_$(ARCH)),$(ISA_ALL)),%_$(i).c)

LIB_SRCS := $(filter-out $(foreign_isa),$(sort $(wildcard userspace/lib/*/*.c)))
LIB_OBJS := $(LIB_SRCS:%.c=$(BUILD)/obj/%.o)

# The parts that need libc only, for machines whose other libraries are absent.
BARE_SRCS := $(filter-out $(foreign_isa),$(sort $(wildcard $(patsubst %,userspace/lib/%/*.c,common model quant npu))))
BARE_OBJS := $(BARE_SRCS:%.c=$(BUILD)/obj/%.o)

TOOL_SRCS = $(sort $(wildcard tools/akida/*.c)) $(if $(filter 1,$(HAVE_TRACE)),tools/bpf/trace_load.c)
TOOL_OBJS = $(TOOL_SRCS:%.c=$(BUILD)/obj/%.o)
TOOL_LINKS := $(sort $(shell cat tools/akida/links 2>/dev/null))

UNIT_SUPPORT := $(filter-out tools/testing/unit/test_%,$(wildcard tools/testing/unit/*.c))
UNIT_SRCS  := $(sort $(wildcard tools/testing/unit/test_*.c))
UNIT_BINS  := $(UNIT_SRCS:tools/testing/unit/%.c=$(BUILD)/test/unit/%)
CHECKASM_SRCS := $(sort $(wildcard tools/testing/checkasm/*.c)) $(addprefix tools/testing/unit/,digest.c quant_data.c)
BENCH_SRCS := $(sort $(wildcard tools/testing/bench/*.c))
EXAMPLES   := $(sort $(wildcard userspace/examples/*.c))
EXAMPLE_BINS := $(EXAMPLES:userspace/examples/%.c=$(BUILD)/examples/%)
DEMO_BINS  := $(patsubst tools/demo/%.c,$(BUILD)/demo/%,$(wildcard tools/demo/*.c))

# Libraries, from pkg-config. Optional ones may be absent: then pictures of that
# kind (libpng, libjpeg), downloads (libcurl, nettle) or Keras files (hdf5) are
# refused with a sentence that says so.
REQUIRED := snappy jansson zlib
OPTIONAL := libpng libjpeg libcurl nettle hdf5
# The command's alone: events of boards, tracing, archives of reports, the live view,
# and metrics over HTTP.
TOOL_OPTIONAL := libnl-genl-3.0 libbpf libarchive ncursesw libmicrohttpd
# libhdf5 is linked into a program of its own only.
PKGS := $(REQUIRED) $(foreach p,$(filter-out hdf5,$(OPTIONAL)),$(shell $(PKG_CONFIG) --exists $(p) 2>/dev/null && echo $(p)))
have = $(if $(filter $(1),$(PKGS)),1,0)
LIB_CPPFLAGS := -DHAVE_LIBPNG=$(call have,libpng) -DHAVE_LIBJPEG=$(call have,libjpeg) \
	-DHAVE_LIBCURL=$(call have,libcurl) -DHAVE_NETTLE=$(call have,nettle)
ifeq ($(BARE),)
# Debian's snappy.pc came with 1.1.10; before, the library has no .pc file.
pkg = $(shell $(PKG_CONFIG) $(1) $(filter-out snappy,$(PKGS)))
LIB_CPPFLAGS += $(call pkg,--cflags)
LIB_LIBS := -lsnappy $(call pkg,--libs) -lm
JANSSON_CFLAGS := $(shell $(PKG_CONFIG) --cflags jansson 2>/dev/null)
JANSSON_LIBS := $(shell $(PKG_CONFIG) --libs jansson 2>/dev/null || echo -ljansson)
endif

TOOL_PKGS := $(foreach p,$(TOOL_OPTIONAL),$(shell $(PKG_CONFIG) --exists $(p) 2>/dev/null && echo $(p)))
# Programs for the kernel take a clang that can make them, and libbpf's headers.
BPF_FLAGS := -target bpf -g -O2 -Wall -Werror -fdebug-compilation-dir=. $(addprefix -I/usr/include/,$(shell $(CC) -print-multiarch 2>/dev/null))
HAVE_TRACE := $(if $(filter libbpf,$(TOOL_PKGS)),$(if $(shell printf '\043include <linux/bpf.h>\n\043include <bpf/bpf_helpers.h>\n' | \
	$(CLANG) $(BPF_FLAGS) -x c -c -o /dev/null - 2>/dev/null && echo 1),1,0),0)
TOOL_CPPFLAGS := -DHAVE_LIBNL=$(if $(filter libnl-genl-3.0,$(TOOL_PKGS)),1,0) -DHAVE_TRACE=$(HAVE_TRACE) \
	-DHAVE_LIBARCHIVE=$(if $(filter libarchive,$(TOOL_PKGS)),1,0) \
	-DHAVE_NCURSES=$(if $(filter ncursesw,$(TOOL_PKGS)),1,0) \
	-DHAVE_LIBMICROHTTPD=$(if $(filter libmicrohttpd,$(TOOL_PKGS)),1,0)
ifneq ($(TOOL_PKGS),)
TOOL_CPPFLAGS += $(shell $(PKG_CONFIG) --cflags $(TOOL_PKGS))
TOOL_LIBS := $(shell $(PKG_CONFIG) --libs $(TOOL_PKGS))
endif

SONAME  := libakida.so.$(SOVERSION)
LIB_SO  := $(BUILD)/lib/libakida.so.$(VERSION)
LIB_A   := $(BUILD)/lib/libakida.a
# Not installed: every symbol, for tests that look inside.
LIB_INT := $(BUILD)/libakida-internal.a
AKIDA   := $(BUILD)/bin/akida
# Reads HDF5 files for the library, in a process that may do nothing else.
# Its filter of system calls knows these machines.
HDF5    := $(if $(and $(filter hdf5,$(OPTIONAL)),$(filter x86_64 aarch64,$(ARCH))),$(shell $(PKG_CONFIG) --exists hdf5 2>/dev/null && echo $(BUILD)/libexec/akida/akida-hdf5))

.PHONY: all
all: $(LIB_SO) $(LIB_A) $(AKIDA) $(TOOL_LINKS:%=$(BUILD)/bin/%)

.PHONY: help
help:
	@sed -n '3,11s/^# \{0,1\}//p' Makefile

# Objects are made anew when the command that makes them changes.
FLAGS := $(CC) $(CPPFLAGS) $(LIB_CPPFLAGS) $(TOOL_CPPFLAGS) $(CFLAGS) $(ISAFLAGS_avx512vnni)
ifneq ($(filter-out clean help,$(or $(MAKECMDGOALS),all)),)
$(shell mkdir -p $(BUILD); echo '$(subst ','\'',$(FLAGS))' | cmp -s - $(BUILD)/.flags || echo '$(subst ','\'',$(FLAGS))' >$(BUILD)/.flags)
endif

isaflags = $(foreach i,$(ISA_ALL),$(if $(filter %_$(i).c,$(1)),$(ISAFLAGS_$(i))))

$(BUILD)/obj/%.o: %.c $(BUILD)/.flags
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(LIB_CPPFLAGS) $(if $(filter tools/%,$<),$(JANSSON_CFLAGS) $(TOOL_CPPFLAGS)) $(CFLAGS) $(call isaflags,$<) -MMD -MP -c -o $@ $<

$(LIB_SO): $(LIB_OBJS) userspace/lib/libakida.map
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -shared -Wl,-soname,$(SONAME) -Wl,--version-script=userspace/lib/libakida.map -Wl,-z,relro,-z,now \
		$(if $(SAN),,-Wl,--no-undefined) $(LDFLAGS) -o $@ $(LIB_OBJS) $(LIB_LIBS)
	$(Q)ln -sf $(notdir $@) $(@D)/$(SONAME) && ln -sf $(SONAME) $(@D)/libakida.so

# One object whose hidden symbols are local: a program that links the archive
# cannot collide with the library's internals.
$(LIB_A): $(LIB_OBJS)
	$(call say,AR,$@)
	@mkdir -p $(@D)
	$(Q)$(LD) -r -o $(BUILD)/libakida.o $(LIB_OBJS) && $(OBJCOPY) --localize-hidden $(BUILD)/libakida.o && \
		rm -f $@ && $(AR) rcsD $@ $(BUILD)/libakida.o

$(LIB_INT): $(LIB_OBJS)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $(LIB_OBJS)

$(BUILD)/libakida-bare.a: $(BARE_OBJS)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $(BARE_OBJS)

TRACE_OBJECT := $(BUILD)/bpf/trace.bpf.o
$(TRACE_OBJECT): tools/bpf/trace.bpf.c tools/bpf/trace_maps.h $(BUILD)/.flags
	$(call say,BPF,$@)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_FLAGS) -c -o $@ $<
$(BUILD)/obj/tools/bpf/trace_load.o: $(TRACE_OBJECT)
$(BUILD)/obj/tools/bpf/trace_load.o: override CPPFLAGS += -DTRACE_OBJECT='"$(TRACE_OBJECT)"'

# With the library inside: subcommands for weights of large models use parts
# that have no public API.
$(AKIDA): $(TOOL_OBJS) $(LIB_INT)
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -o $@ $(TOOL_OBJS) $(LIB_INT) $(LIB_LIBS) $(TOOL_LIBS)

$(TOOL_LINKS:%=$(BUILD)/bin/%): $(AKIDA)
	$(Q)ln -sf akida $@

# Where the library looks for it in the end.
ifneq ($(filter-out clean help,$(or $(MAKECMDGOALS),all)),)
$(shell echo '$(LIBEXECDIR)' | cmp -s - $(BUILD)/.libexecdir || echo '$(LIBEXECDIR)' >$(BUILD)/.libexecdir)
endif
$(BUILD)/obj/userspace/lib/format/h5_child.o $(BUILD)/fuzz/obj/userspace/lib/format/h5_child.o: $(BUILD)/.libexecdir
%/userspace/lib/format/h5_child.o: override CPPFLAGS += -DAKIDA_LIBEXECDIR='"$(LIBEXECDIR)"'

# Without sanitizers, whose address space has no limit; the tests with
# sanitizers are about what reads its output.
HDF5_SRCS := $(sort $(wildcard userspace/hdf5/*.c))
$(BUILD)/libexec/akida/akida-hdf5: $(HDF5_SRCS) $(wildcard userspace/hdf5/*.h) userspace/lib/format/h5_stream.h $(BUILD)/.flags
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(filter-out -fsanitize=% -fno-sanitize-recover=%,$(CFLAGS)) -fstack-protector-strong $(CPPFLAGS) \
		$(shell $(PKG_CONFIG) --cflags hdf5) $(filter-out -fsanitize=%,$(LDFLAGS)) -o $@ $(HDF5_SRCS) $(shell $(PKG_CONFIG) --libs hdf5)
all: $(HDF5)

# ---------------------------------------------------------------- tests
UNIT_SUPPORT_OBJS := $(UNIT_SUPPORT:%.c=$(BUILD)/obj/%.o)
$(UNIT_BINS): $(BUILD)/test/unit/%: $(BUILD)/obj/tools/testing/unit/%.o $(UNIT_SUPPORT_OBJS) $(LIB_INT)
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -o $@ $(filter %.o,$^) $(LIB_INT) $(LIB_LIBS) $(JANSSON_LIBS) -lcmocka
# These draw random models.
$(patsubst %,$(BUILD)/test/unit/%,test_np test_program test_program_build test_board_random): $(BUILD)/obj/tools/testing/checkasm/random_model.o

# Parts of the command that are tested without it.
$(BUILD)/test/unit/test_status: $(patsubst %,$(BUILD)/obj/tools/akida/%.o,status status_clients power json tool term text)

# A stand-in for the driver: linked into its unit test, preloaded for tests of
# the command.
MOCK_OBJ := $(BUILD)/obj/tools/testing/mock/mock_board.o
$(patsubst %,$(BUILD)/test/unit/%,test_board test_board_buffer test_board_container): $(MOCK_OBJ)
$(BUILD)/test/mock-board.so: $(MOCK_OBJ)
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -shared $(LDFLAGS) -o $@ $<
tests: $(BUILD)/test/mock-board.so
-include $(MOCK_OBJ:.o=.d)

# Kernels against the reference; libc only, so that it runs on any machine.
CHECKASM_OBJS := $(CHECKASM_SRCS:%.c=$(BUILD)/obj/%.o)
$(BUILD)/test/checkasm: $(CHECKASM_OBJS) $(BUILD)/libakida-bare.a
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) $(if $(BARE),-static) -o $@ $(CHECKASM_OBJS) $(BUILD)/libakida-bare.a -lm

# Random models as files, for the comparison with an independent simulator.
$(BUILD)/test/random-fbz: $(BUILD)/obj/tools/testing/golden/random_fbz.o $(BUILD)/obj/tools/testing/checkasm/random_model.o $(LIB_INT)
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LIB_LIBS)

BENCH_OBJS := $(BENCH_SRCS:%.c=$(BUILD)/obj/%.o)
$(BUILD)/bench/akida-bench: $(BENCH_OBJS) $(BUILD)/obj/tools/testing/unit/mesh_program.o $(LIB_INT)
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LIB_LIBS)

# Examples are built as a user would: public headers, shared library.
$(EXAMPLE_BINS): $(BUILD)/examples/%: userspace/examples/%.c
$(DEMO_BINS): $(BUILD)/demo/%: tools/demo/%.c
$(EXAMPLE_BINS) $(DEMO_BINS): $(LIB_SO)
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -O2 -std=gnu11 $(WARN) $(if $(SAN),-fsanitize=$(SAN)) -D_GNU_SOURCE -Iuserspace/include -MMD -MP -o $@ \
		$(filter %.c,$^) -L$(BUILD)/lib -lakida -lm -Wl,-rpath,'$$ORIGIN/../lib'

.PHONY: tests
tests: all $(UNIT_BINS) $(BUILD)/test/checkasm $(BUILD)/test/random-fbz $(BUILD)/bench/akida-bench $(EXAMPLE_BINS) $(DEMO_BINS)

# BUILD tells the scripts which build they look at.
.PHONY: check-unit
check-unit: tests
	$(Q)BUILD=$(abspath $(BUILD)) scripts/run-tests

.PHONY: check
check:
	$(Q)scripts/check --no-install

.PHONY: bench
bench: all $(BUILD)/bench/akida-bench
	$(Q)BUILD=$(abspath $(BUILD)) scripts/bench

# ---------------------------------------------------------------- akida-board
# The virtual board. Its core computes with the library's mesh.
BOARD_SRCS := $(sort $(wildcard tools/akida-board/*.c))
BOARD_OBJS := $(BOARD_SRCS:%.c=$(BUILD)/obj/%.o)
BOARD      := $(BUILD)/bin/akida-board
BOARD_TEST_SRCS    := $(sort $(wildcard tools/testing/board/test_*.c))
BOARD_TEST_BINS    := $(BOARD_TEST_SRCS:tools/testing/board/%.c=$(BUILD)/test/unit/%)
BOARD_TEST_SUPPORT := $(filter-out $(BOARD_TEST_SRCS),$(wildcard tools/testing/board/*.c)) tools/testing/unit/scratch.c
BOARD_TEST_SUPPORT_OBJS := $(BOARD_TEST_SUPPORT:%.c=$(BUILD)/obj/%.o)

$(BOARD): $(BOARD_OBJS) $(LIB_INT)
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -o $@ $(BOARD_OBJS) $(LIB_INT) $(LIB_LIBS) $(JANSSON_LIBS)

$(BOARD_TEST_BINS): $(BUILD)/test/unit/%: $(BUILD)/obj/tools/testing/board/%.o $(BOARD_TEST_SUPPORT_OBJS) $(BOARD) $(LIB_INT)
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -o $@ $(filter %.o,$^) $(LIB_INT) $(LIB_LIBS) $(JANSSON_LIBS) -lcmocka

all: $(BOARD)
tests: $(BOARD_TEST_BINS)

.PHONY: board board-tests install-board
board: $(BOARD)
board-tests: $(BOARD_TEST_BINS)
install: install-board
install-board: $(BOARD)
	$(INSTALL) -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(COMPDIR)
	$(INSTALL) -m 755 $(BOARD) $(DESTDIR)$(BINDIR)/akida-board
	$(INSTALL) -m 644 tools/akida-board/akida-board.bash $(DESTDIR)$(COMPDIR)/akida-board

# What tests in a virtual machine ask the host by.
VM_BINS := $(BUILD)/test/vmctl $(BUILD)/test/tsc
$(VM_BINS): $(BUILD)/test/%: $(BUILD)/obj/tools/testing/vm/%.o
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -o $@ $<

# Runs models on boards, in the machine.
$(BUILD)/test/models: $(BUILD)/obj/tools/testing/vm/models.o $(LIB_INT)
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LIB_LIBS)

-include $(VM_BINS:$(BUILD)/test/%=$(BUILD)/obj/tools/testing/vm/%.d) $(BUILD)/obj/tools/testing/vm/models.d $(BOARD_OBJS:.o=.d) $(BOARD_TEST_SRCS:%.c=$(BUILD)/obj/%.d) $(BOARD_TEST_SUPPORT_OBJS:.o=.d)

# ---------------------------------------------------------------- fuzzing
FUZZ_SRCS := $(sort $(wildcard tools/testing/fuzz/fuzz_*.c))
FUZZ_BINS := $(FUZZ_SRCS:tools/testing/fuzz/%.c=$(BUILD)/fuzz/%)
FUZZ_LIB_OBJS := $(LIB_SRCS:%.c=$(BUILD)/fuzz/obj/%.o) $(patsubst %,$(BUILD)/fuzz/obj/tools/testing/%.o,fuzz/folder fuzz/graph_use unit/scratch)
FUZZ_FLAGS := -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
FUZZ_CFLAGS := -std=gnu11 -ffp-contract=off -fno-strict-aliasing -pthread -DAKIDA_VERSION='"$(VERSION)"' $(FUZZ_FLAGS)

$(BUILD)/fuzz/obj/%.o: %.c $(BUILD)/.flags
	$(call say,FUZZCC,$<)
	@mkdir -p $(@D)
	$(Q)$(CLANG) -D_GNU_SOURCE -DAKIDA_LIBEXECDIR='"$(LIBEXECDIR)"' -Iuserspace/include -Iuserspace/lib -Iuapi $(LIB_CPPFLAGS) $(FUZZ_CFLAGS) $(call isaflags,$<) -MMD -MP -c -o $@ $<

$(FUZZ_BINS): $(BUILD)/fuzz/%: $(BUILD)/fuzz/obj/tools/testing/fuzz/%.o $(FUZZ_LIB_OBJS)
	$(call say,FUZZLD,$@)
	$(Q)$(CLANG) -fsanitize=fuzzer,address,undefined -pthread -o $@ $^ $(LIB_LIBS)

.PHONY: fuzz fuzzers
fuzzers: $(FUZZ_BINS)
fuzz: fuzzers
	$(Q)BUILD=$(abspath $(BUILD)) scripts/fuzz $(FUZZ_TIME)

# ---------------------------------------------------------------- driver
# The driver is built by kbuild from the Kbuild file beside this one.
KDIR ?= /lib/modules/$(shell uname -r)/build
.PHONY: modules modules_install
modules modules_install:
	$(Q)$(if $(wildcard kernel/*.c),,echo "akida: kernel/ has no sources in this release: there is no driver to build" >&2; exit 1;) \
	$(MAKE) -C $(KDIR) M=$(CURDIR) $@

# Tests of the driver, which run in virtual machines: scripts/vm-tests.
SELFTEST_SRCS := $(sort $(wildcard tools/testing/selftests/akida/test_*.c))
SELFTEST_BINS := $(SELFTEST_SRCS:tools/testing/selftests/akida/%.c=$(BUILD)/selftests/%)
SELFTEST_SUPPORT := $(filter-out $(SELFTEST_SRCS),$(wildcard tools/testing/selftests/akida/*.c))
KSELFTEST := build/linux-source/tools/testing/selftests

.PHONY: selftests
selftests: $(SELFTEST_BINS) $(BUILD)/selftests/run-selftests $(VM_BINS) $(BUILD)/test/models $(BUILD)/test/random-fbz

$(KSELFTEST)/kselftest_harness.h:
	$(Q)scripts/linux-source >/dev/null

# The harness's macros define functions that nobody declares.
$(SELFTEST_BINS): $(BUILD)/selftests/%: tools/testing/selftests/akida/%.c $(SELFTEST_SUPPORT) $(wildcard tools/testing/selftests/akida/*.h) \
		$(wildcard uapi/*.h) $(KSELFTEST)/kselftest_harness.h $(BUILD)/.flags
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -g -O2 -std=gnu11 $(WARN) -Wno-missing-prototypes -D_GNU_SOURCE -pthread $(if $(SAN),-fsanitize=$(SAN)) -Iuapi -isystem $(KSELFTEST) -o $@ \
		$< $(SELFTEST_SUPPORT) $(JANSSON_LIBS)

$(BUILD)/selftests/run-selftests: tools/testing/selftests/akida/run-selftests
	@mkdir -p $(@D)
	$(Q)cp $< $@

# ---------------------------------------------------------------- style
C_FILES := $(sort $(shell git ls-files '*.c' '*.h' 2>/dev/null))
.PHONY: format
format:
	$(Q)clang-format -i $(C_FILES)

# ---------------------------------------------------------------- install
.PHONY: install install-user install-udev install-man install-boot install-export
install: install-user install-udev install-boot install-export
# Each page into the folder of its section.
install-man:
	$(foreach s,$(sort $(subst .,,$(suffix $(wildcard Documentation/man/*.[1-8])))),$(INSTALL) -d $(DESTDIR)$(MANDIR)/man$(s) && \
		$(INSTALL) -m 644 $(wildcard Documentation/man/*.$(s)) $(DESTDIR)$(MANDIR)/man$(s)/ &&) :

install-user: all install-man
	$(INSTALL) -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(LIBDIR)/pkgconfig $(DESTDIR)$(INCLUDEDIR)/akida \
		$(DESTDIR)$(COMPDIR)
	$(INSTALL) -m 755 $(AKIDA) $(DESTDIR)$(BINDIR)/akida
	$(if $(HDF5),$(INSTALL) -d $(DESTDIR)$(LIBEXECDIR) && $(INSTALL) -m 755 $(HDF5) $(DESTDIR)$(LIBEXECDIR)/akida-hdf5)
	for l in $(TOOL_LINKS); do ln -sf akida $(DESTDIR)$(BINDIR)/$$l; done
	$(INSTALL) -m 755 $(LIB_SO) $(DESTDIR)$(LIBDIR)/
	ln -sf $(notdir $(LIB_SO)) $(DESTDIR)$(LIBDIR)/$(SONAME)
	ln -sf $(SONAME) $(DESTDIR)$(LIBDIR)/libakida.so
	$(INSTALL) -m 644 $(LIB_A) $(DESTDIR)$(LIBDIR)/
	sed -e 's|@PREFIX@|$(PREFIX)|;s|@LIBDIR@|$(LIBDIR)|;s|@INCLUDEDIR@|$(INCLUDEDIR)|;s|@VERSION@|$(VERSION)|;s|@LIBS@|$(LIB_LIBS)|' \
		userspace/lib/libakida.pc.in >$(DESTDIR)$(LIBDIR)/pkgconfig/libakida.pc
	$(INSTALL) -m 644 $(wildcard userspace/include/akida/*.h) $(DESTDIR)$(INCLUDEDIR)/akida/
	$(INSTALL) -d $(DESTDIR)$(INCLUDEDIR)/akida/uapi
	$(INSTALL) -m 644 $(wildcard uapi/*.h) $(DESTDIR)$(INCLUDEDIR)/akida/uapi/
	$(INSTALL) -m 644 tools/akida/akida.bash $(DESTDIR)$(COMPDIR)/akida
	for l in $(TOOL_LINKS); do ln -sf akida $(DESTDIR)$(COMPDIR)/$$l; done

# Who may use boards.
install-udev:
	$(INSTALL) -d $(DESTDIR)$(UDEVDIR) $(DESTDIR)$(SYSUSERSDIR)
	$(INSTALL) -m 644 tools/udev/60-akida.rules $(DESTDIR)$(UDEVDIR)/
	$(INSTALL) -m 644 tools/udev/akida.conf $(DESTDIR)$(SYSUSERSDIR)/

# What is loaded onto boards when they are found, and examples.
install-boot:
	$(INSTALL) -d $(DESTDIR)$(UDEVDIR) $(DESTDIR)$(UNITDIR) $(DESTDIR)$(CONFDIR)/boards.d $(DESTDIR)$(DOCDIR)/examples
	$(INSTALL) -m 644 tools/boot/61-akida-load.rules $(DESTDIR)$(UDEVDIR)/
	sed 's|@BINDIR@|$(BINDIR)|' tools/boot/akida-load@.service.in >$(DESTDIR)$(UNITDIR)/akida-load@.service
	$(INSTALL) -m 644 tools/boot/lamp.conf tools/boot/modprobe.conf $(DESTDIR)$(DOCDIR)/examples/

# Metrics for Prometheus, when systemctl enable says so; dashboard and alerts.
install-export:
	$(INSTALL) -d $(DESTDIR)$(UNITDIR) $(DESTDIR)$(DOCDIR)/examples/prometheus $(DESTDIR)$(DOCDIR)/examples/grafana
	sed 's|@BINDIR@|$(BINDIR)|' tools/boot/akida-export.service.in >$(DESTDIR)$(UNITDIR)/akida-export.service
	$(INSTALL) -m 644 contrib/prometheus/*.yml $(DESTDIR)$(DOCDIR)/examples/prometheus/
	$(INSTALL) -m 644 contrib/grafana/akida.json $(DESTDIR)$(DOCDIR)/examples/grafana/

# The driver's source where DKMS looks for it: then dkms install akida/VERSION.
DKMSDIR ?= /usr/src/akida-$(VERSION)
.PHONY: install-dkms
install-dkms:
	$(INSTALL) -d $(DESTDIR)$(DKMSDIR)/kernel $(DESTDIR)$(DKMSDIR)/uapi
	$(INSTALL) -m 644 Kbuild $(DESTDIR)$(DKMSDIR)/
	$(INSTALL) -m 644 $(wildcard kernel/*.[ch]) $(DESTDIR)$(DKMSDIR)/kernel/
	$(INSTALL) -m 644 $(wildcard uapi/*.h) $(DESTDIR)$(DKMSDIR)/uapi/
	sed 's|#MODULE_VERSION#|$(VERSION)|' dkms.conf >$(DESTDIR)$(DKMSDIR)/dkms.conf

.PHONY: uninstall uninstall-dkms
uninstall uninstall-dkms: uninstall%:
	$(Q)+MAKE='$(MAKE)' scripts/uninstall install$* '$(DESTDIR)'

.PHONY: clean
clean:
	rm -rf $(BUILD)

DEPS := $(LIB_OBJS:.o=.d) $(TOOL_OBJS:.o=.d) $(UNIT_SRCS:%.c=$(BUILD)/obj/%.d) $(UNIT_SUPPORT_OBJS:.o=.d) \
	$(CHECKASM_OBJS:.o=.d) $(BENCH_OBJS:.o=.d) $(FUZZ_LIB_OBJS:.o=.d) $(FUZZ_SRCS:%.c=$(BUILD)/fuzz/obj/%.d) \
	$(addsuffix .d,$(EXAMPLE_BINS) $(DEMO_BINS))
-include $(DEPS)

# What is asked for by its absolute name.
ifeq ($(filter /%,$(BUILD)),)
$(CURDIR)/$(BUILD)/%: $(BUILD)/% ;
endif

.SECONDARY:
.DELETE_ON_ERROR:
