// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sandbox.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#else
#error "the numbers of this machine's system calls are not known here"
#endif

#define LOAD(offset) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (offset))
#define END(what) BPF_STMT(BPF_RET | BPF_K, (what))
#define FIELD(f) ((uint32_t)offsetof(struct seccomp_data, f))
/* The lower half of an argument; both machines are little endian. */
#define ARG(n) (FIELD(args) + 8u * (n))
#define ARG_HIGH(n) (ARG(n) + 4u)

/* The call of that number: what follows, @n instructions that end. */
#define CALL(number, n) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (number), 0, (n))
#define ALLOW(number) CALL(number, 1), END(SECCOMP_RET_ALLOW)
#define NOWHERE(number) CALL(number, 1), END(SECCOMP_RET_ERRNO | ENOENT)

static unsigned long long address_space(void)
{
	unsigned long long pages = 0;
	FILE *f = fopen("/proc/self/statm", "re");

	if (!f)
		return 0;
	if (fscanf(f, "%llu", &pages) != 1)
		pages = 0;
	fclose(f);
	return pages * (unsigned long long)sysconf(_SC_PAGESIZE);
}

static int limit(int what, rlim_t most)
{
	struct rlimit r = { .rlim_cur = most, .rlim_max = most };

	return setrlimit(what, &r);
}

const char *sandbox_limits(size_t memory, unsigned int cpu_ms)
{
	struct itimerval timer = {
		.it_value = { .tv_sec = cpu_ms / 1000,
			      .tv_usec = cpu_ms % 1000 * 1000 },
	};
	unsigned long long now = address_space();

	if (!now)
		return "cannot find out how much memory is in use: /proc is not mounted";
	if (limit(RLIMIT_AS, now + memory) || limit(RLIMIT_CORE, 0) ||
	    limit(RLIMIT_NOFILE, 0) || limit(RLIMIT_CPU, cpu_ms / 1000 + 2))
		return "cannot limit memory and time";
	/* Processor time in finer steps than RLIMIT_CPU has. */
	if (setitimer(ITIMER_PROF, &timer, NULL))
		return "cannot set a timer";
	return NULL;
}

const char *sandbox_enter(void)
{
	static struct sock_filter code[] = {
		LOAD(FIELD(arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0),
		END(SECCOMP_RET_KILL_PROCESS),
		/* x32 has numbers of its own on x86-64, which match none. */
		LOAD(FIELD(nr)),
		ALLOW(__NR_brk),
		ALLOW(__NR_munmap),
		ALLOW(__NR_mremap),
		ALLOW(__NR_madvise),
		ALLOW(__NR_futex),
		ALLOW(__NR_exit_group),
		ALLOW(__NR_restart_syscall),
		/* Where the vDSO has no clock. */
		ALLOW(__NR_clock_gettime),
		ALLOW(__NR_gettimeofday),
		ALLOW(__NR_getrandom),
		NOWHERE(__NR_openat),
		NOWHERE(__NR_newfstatat),
		NOWHERE(__NR_readlinkat),
		NOWHERE(__NR_faccessat),
		NOWHERE(__NR_getcwd),
#ifdef __NR_open
		NOWHERE(__NR_open),
		NOWHERE(__NR_stat),
		NOWHERE(__NR_access),
		NOWHERE(__NR_readlink),
#endif
		/* write() to standard output. */
		CALL(__NR_write, 6),
		LOAD(ARG_HIGH(0)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 2),
		LOAD(ARG(0)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, STDOUT_FILENO, 1, 0),
		END(SECCOMP_RET_KILL_PROCESS),
		END(SECCOMP_RET_ALLOW),
		/* mmap() of anonymous memory and mprotect() without PROT_EXEC. */
		CALL(__NR_mmap, 3),
		LOAD(ARG(3)),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, MAP_ANONYMOUS, 2, 0),
		END(SECCOMP_RET_KILL_PROCESS),
		CALL(__NR_mprotect, 3),
		LOAD(ARG(2)),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 1, 0),
		END(SECCOMP_RET_ALLOW),
		END(SECCOMP_RET_KILL_PROCESS),
	};
	static const struct sock_fprog filter = {
		.len = sizeof(code) / sizeof(*code),
		.filter = code,
	};

	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return "cannot give rights up";
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0))
		return "this kernel has no seccomp filters (CONFIG_SECCOMP_FILTER), without which no HDF5 file is read";
	return NULL;
}
