// SPDX-License-Identifier: GPL-2.0
/*
 * akida-board: an Akida board in a process of its own, for any virtual machine
 * that speaks vfio-user. Options, and the loop that everything runs in.
 */
#include <argp.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "board.h"
#include "util.h"

#define EXIT_USAGE 2

enum option_key {
	OPT_CHIP = 0x100,
	OPT_SOCKET,
	OPT_CONTROL,
	OPT_FAULT,
	OPT_STATS,
	OPT_TRACE,
	OPT_MAP_BAR4,
	OPT_SERIAL,
	OPT_ONCE,
	OPT_WITHOUT,
	OPT_SEED,
};

static const struct argp_option options[] = {
	{ "chip", OPT_CHIP, "CHIP", 0, "akd1000 or akd1500", 0 },
	{ "socket", OPT_SOCKET, "PATH", 0,
	  "UNIX socket where the virtual machine connects", 0 },
	{ "control", OPT_CONTROL, "PATH", 0,
	  "control socket (default: that of --socket with .control added)", 0 },
	{ "fault", OPT_FAULT, "SPEC", 0,
	  "KIND[:key=value,...]; may be repeated. Kinds: stall, abort, "
	  "bad-completion, link-down, lost-irq, spurious-irq, slow-link, "
	  "surprise-removal, sensor-alert, sensor-absent, degraded-link",
	  0 },
	{ "stats", OPT_STATS, "FILE", 0,
	  "write counters there at the end, on SIGUSR1 and on \"save\"", 0 },
	{ "trace", OPT_TRACE, NULL, 0, "every access on standard error", 0 },
	{ "map-bar4", OPT_MAP_BAR4, NULL, 0,
	  "let BAR4 be mapped: fast, and its accesses are not counted", 0 },
	{ "serial", OPT_SERIAL, "NUMBER", 0,
	  "device serial number (default: from the path of the socket); 0: none",
	  0 },
	{ "once", OPT_ONCE, NULL, 0, "end when the first client leaves", 0 },
	{ "without", OPT_WITHOUT, "SOURCE[,SOURCE]", 0,
	  "a board that cannot tell: power, voltage, current, temperature, "
	  "frequency, modes, alert; monitor: none of them",
	  0 },
	{ "seed", OPT_SEED, "NUMBER", 0,
	  "of the noise in what sensors tell (default: the serial number)", 0 },
	{ 0 }
};

/* Faults are taken when the board exists. */
struct arguments {
	struct board *b;
	const char *faults[FAULTS_MAX];
	unsigned int num_faults;
	bool serial, seed;
};

void trace(const struct board *b, const char *fmt, ...)
{
	va_list ap;

	if (!b->trace)
		return;
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

static void parse_chip(struct argp_state *state, struct board *b,
		       const char *arg)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(chips); i++)
		if (!strcmp(arg, chips[i].name))
			b->chip = &chips[i];
	if (!b->chip)
		argp_error(state, "there is no chip '%s'", arg);
}

static uint64_t parse_u64(struct argp_state *state, const char *arg,
			  const char *what)
{
	uint64_t v;
	char *end;

	errno = 0;
	v = strtoull(arg, &end, 0);
	if (errno || *end || end == arg)
		argp_error(state, "'%s' is no %s", arg, what);
	return v;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;
	struct board *b = a->b;

	switch (key) {
	case OPT_CHIP:
		parse_chip(state, b, arg);
		break;
	case OPT_SOCKET:
		b->server.path = arg;
		break;
	case OPT_CONTROL:
		b->control.path = arg;
		break;
	case OPT_FAULT:
		if (a->num_faults == FAULTS_MAX)
			argp_error(state, "more than %d faults", FAULTS_MAX);
		a->faults[a->num_faults++] = arg;
		break;
	case OPT_STATS:
		b->stats_path = arg;
		break;
	case OPT_TRACE:
		b->trace = true;
		break;
	case OPT_MAP_BAR4:
		b->map_bar4 = true;
		break;
	case OPT_SERIAL:
		b->config.serial = parse_u64(state, arg, "serial number");
		a->serial = true;
		break;
	case OPT_SEED:
		b->monitor.seed = parse_u64(state, arg, "seed");
		a->seed = true;
		break;
	case OPT_WITHOUT:
		if (monitor_without(&b->monitor, arg))
			argp_error(state, "'%s' names no sources", arg);
		break;
	case OPT_ONCE:
		b->once = true;
		break;
	case ARGP_KEY_ARG:
		argp_error(state, "unexpected argument '%s'", arg);
		break;
	case ARGP_KEY_END:
		if (!b->chip)
			argp_error(state, "--chip is missing");
		if (!b->server.path)
			argp_error(state, "--socket is missing");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static const struct argp argp = {
	.options = options,
	.parser = parse_option,
	.doc = "A virtual Akida board that a virtual machine attaches by "
	       "vfio-user.\v"
	       "Example:\n"
	       "  akida-board --chip akd1000 --socket /tmp/board &\n"
	       "  qemu-system-x86_64 ... -device pcie-root-port,id=rp,chassis=1 "
	       "-device '{\"driver\":\"vfio-user-pci\",\"bus\":\"rp\",\"rombar\":0,"
	       "\"socket\":{\"type\":\"unix\",\"path\":\"/tmp/board\"}}'\n\n"
	       "Exit status: 0 done, 1 failed, 2 wrong usage.",
};

/* Two boards on one machine shall not have the same serial number. */
static uint64_t hash(const char *s)
{
	uint64_t h = 0xcbf29ce484222325ull;

	while (*s)
		h = (h ^ (uint8_t)*s++) * 0x100000001b3ull;
	return h;
}

static int signals;

static void handle_signal(struct board *b)
{
	struct signalfd_siginfo si;

	if (read(signals, &si, sizeof(si)) != sizeof(si))
		return;
	if (si.ssi_signo == SIGUSR1)
		stats_save(b);
	else
		b->quit = true;
}

static int open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return signals < 0 ? -errno : 0;
}

/* The socket exists exactly while the board is plugged in. */
static void follow_removal(struct board *b)
{
	int err;

	if (b->removed) {
		/* Whoever sees the connection end finds no socket either. */
		vfio_user_unlisten(b);
		vfio_user_close(b);
	} else if (b->server.listen_fd < 0) {
		err = vfio_user_listen(b);
		if (err) {
			fprintf(stderr, "akida-board: %s: %s\n", b->server.path,
				strerror(-err));
			b->quit = true;
		}
	}
}

void board_poll(struct board *b, uint64_t timeout_ns, bool nested)
{
	struct pollfd p[4 + CONTROL_CLIENTS];
	struct timespec t = { timeout_ns / NSEC_PER_SEC,
			      timeout_ns % NSEC_PER_SEC };
	unsigned int i;

	p[0] = (struct pollfd){ signals, POLLIN, 0 };
	p[1] = (struct pollfd){ b->control.listen_fd, POLLIN, 0 };
	p[2] = (struct pollfd){ b->server.fd, vfio_user_events(b), 0 };
	/* Who comes second waits until the first is gone. */
	p[3] = (struct pollfd){ nested || b->server.fd >= 0 ?
					-1 :
					b->server.listen_fd,
				POLLIN, 0 };
	for (i = 0; i < CONTROL_CLIENTS; i++)
		p[4 + i] =
			(struct pollfd){ b->control.client[i].fd, POLLIN, 0 };
	if (ppoll(p, ARRAY_SIZE(p), timeout_ns == TIME_NEVER ? NULL : &t,
		  NULL) <= 0)
		return;
	if (p[0].revents)
		handle_signal(b);
	for (i = 0; i < CONTROL_CLIENTS; i++)
		if (p[4 + i].revents)
			control_receive(b, i);
	if (p[1].revents)
		control_accept(b);
	if (p[2].revents & POLLOUT)
		vfio_user_send(b);
	/* An error shows up when reading. */
	if ((p[2].revents & ~POLLOUT) && b->server.fd == p[2].fd)
		vfio_user_receive(b);
	if (p[3].revents)
		vfio_user_accept(b);
	follow_removal(b);
}

static uint64_t next_deadline(const struct board *b)
{
	uint64_t dma = dma_deadline(b), fault = fault_deadline(b);
	uint64_t core = core_deadline(b), monitor = monitor_deadline(b);
	uint64_t t = dma < fault ? dma : fault, now = now_ns();

	t = core < t ? core : t;
	t = monitor < t ? monitor : t;
	if (t == TIME_NEVER)
		return t;
	return t > now ? t - now : 0;
}

static void run(struct board *b)
{
	while (!b->quit) {
		bool more = dma_run(b);

		more |= core_tick(b);
		fault_tick(b);
		monitor_tick(b);
		if (b->quit)
			break;
		board_poll(b, more ? 0 : next_deadline(b), false);
	}
}

static int start(struct board *b, const struct arguments *a)
{
	char why[512];
	unsigned int i;
	int err;

	b->server.fd = -1;
	irq_init(b);
	b->dma.ops = b->chip->dma;
	err = memory_init(b);
	if (!err)
		err = core_init(b);
	if (err) {
		fprintf(stderr, "akida-board: no memory: %s\n", strerror(-err));
		return err;
	}
	board_reset(b, RESET_POWER);
	err = open_signals();
	if (!err)
		err = control_open(b);
	if (err) {
		fprintf(stderr, "akida-board: %s: %s\n", b->control.path,
			strerror(-err));
		return err;
	}
	err = vfio_user_listen(b);
	if (err) {
		fprintf(stderr, "akida-board: %s: %s\n", b->server.path,
			strerror(-err));
		return err;
	}
	for (i = 0; i < a->num_faults; i++) {
		err = fault_add(b, a->faults[i], why, sizeof(why));
		if (err) {
			fprintf(stderr, "akida-board: %s\n", why);
			return err;
		}
	}
	follow_removal(b);
	return 0;
}

int main(int argc, char **argv)
{
	static struct board board = { .server = { .listen_fd = -1 },
				      .control = { .listen_fd = -1 } };
	struct board *b = &board;
	struct arguments a = { .b = b };
	char *control = NULL;
	int err;

	argp_err_exit_status = EXIT_USAGE;
	argp_program_version = "akida-board " AKIDA_VERSION;
	argp_parse(&argp, argc, argv, 0, NULL, &a);
	if (!a.serial)
		b->config.serial = hash(b->server.path);
	if (!a.seed)
		b->monitor.seed = b->config.serial;
	if (!b->control.path) {
		if (asprintf(&control, "%s.control", b->server.path) < 0)
			return EXIT_FAILURE;
		b->control.path = control;
	}
	err = start(b, &a);
	if (!err) {
		run(b);
		err = stats_save(b);
		if (err)
			fprintf(stderr, "akida-board: %s: %s\n", b->stats_path,
				strerror(-err));
	}
	vfio_user_close(b);
	vfio_user_unlisten(b);
	control_close(b);
	core_exit(b);
	memory_exit(b);
	free(control);
	return err == -EINVAL ? EXIT_USAGE : err ? EXIT_FAILURE : EXIT_SUCCESS;
}
