// SPDX-License-Identifier: GPL-2.0
/*
 * akida monitor: tells what happens to boards, as the driver's generic netlink
 * family tells it.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#if HAVE_LIBNL
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#endif

#include "monitor.h"
#include "term.h"
#include "tool.h"

/* The driver numbers at most so many boards. */
#define MAX_BOARDS 64
#define RECEIVE_BUFFER (1 << 20)

/**
 * struct monitor - all of it
 * @json: lines are JSON
 * @device: as given, or NULL
 * @index: of that board, or -1
 * @count: events until the end, 0 for none
 * @seen: how many there were
 * @done: enough
 * @seq: of each board's last event
 * @known: @seq is one
 * @exec: commands
 * @loaded: the driver was loaded anew
 * @socket: of libnl
 * @family: number
 */
struct monitor {
	bool json;
	const char *device;
	int64_t index;
	uint32_t count;
	uint32_t seen;
	bool done;
	uint64_t seq[MAX_BOARDS];
	bool known[MAX_BOARDS];
	struct monitor_exec exec;
	bool loaded;
	struct nl_sock *socket;
	int family;
};

static const struct argp_option options[] = {
	{ "json", OPT_JSON, NULL, 0, "Write each event as a JSON object", 0 },
	{ "device", OPT_DEVICE, "BOARD", 0,
	  "Only of this board: its index, node or PCI address", 0 },
	{ "exec", OPT_EXEC, "COMMAND", 0,
	  "Run this command of the shell for each event", 0 },
	{ "count", 'n', "N", 0, "End after so many events (default: never)",
	  0 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct monitor *m = state->input;

	switch (key) {
	case OPT_JSON:
		m->json = true;
		return 0;
	case OPT_DEVICE:
		m->device = arg;
		return 0;
	case OPT_EXEC:
		m->exec.command = arg;
		return 0;
	case 'n':
		m->count = tool_number(state, "--count", arg, 1, UINT32_MAX);
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s' is one argument too many", arg);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	options,
	parse,
	"",
	"Print what happens to boards: that they come and go, programs, failed "
	"jobs, hangs and resets, alerts of sensors, and degraded links."
	"\v"
	"Boards that are there come first, as device-present. A command finds "
	"what happened in variables: AKIDA_EVENT, AKIDA_DEVICE, AKIDA_PCI and "
	"more, see akida-monitor(1). At most 4 run at a time.\n"
	"\n"
	"Examples:\n"
	"  akida monitor\n"
	"  akida monitor --json --device 0 | jq 'select(.event == \"job-failed\")'\n"
	"  akida monitor --exec 'logger -t akida \"$AKIDA_DEVICE: $AKIDA_EVENT\"'\n",
	NULL,
	NULL,
	NULL,
};

#if HAVE_LIBNL

/* ------------------------------------------------------------------- events */

/* Numbers of events that never came. */
static void look_for_gap(struct monitor *m, const struct monitor_event *e)
{
	uint64_t index = e->value[AKIDA_NL_A_INDEX];
	uint64_t seq = e->value[AKIDA_NL_A_SEQ];
	bool fresh = e->cmd == AKIDA_NL_CMD_DEVICE_ADD_NTF ||
		     e->cmd == AKIDA_NL_CMD_DEVICE_GET;

	if (index >= MAX_BOARDS)
		return;
	if (m->known[index] && !fresh && seq > m->seq[index] + 1)
		term_warning("%llu events of akida%llu were missed",
			     (unsigned long long)(seq - m->seq[index] - 1),
			     (unsigned long long)index);
	m->known[index] = e->cmd != AKIDA_NL_CMD_DEVICE_DEL_NTF;
	if (fresh || seq > m->seq[index])
		m->seq[index] = seq;
}

static void handle(struct monitor *m, const struct monitor_event *e)
{
	bool present = e->cmd == AKIDA_NL_CMD_DEVICE_GET;

	look_for_gap(m, e);
	if (m->done ||
	    (m->index >= 0 && e->value[AKIDA_NL_A_INDEX] != (uint64_t)m->index))
		return;
	monitor_print(stdout, e, m->json);
	if (present)
		return;
	if (m->exec.command)
		monitor_run(&m->exec, e);
	if (m->count && ++m->seen == m->count)
		m->done = true;
}

/* Attributes of known size; others are left out. */
static void take_attribute(struct monitor_event *e, unsigned int attr,
			   const struct nlattr *a)
{
	switch (nla_len(a)) {
	case 0:
		break;
	case 4:
		e->value[attr] = attr == AKIDA_NL_A_STATUS ?
					 (uint64_t)nla_get_s32(a) :
					 nla_get_u32(a);
		break;
	case 8:
		e->value[attr] = nla_get_u64(a);
		break;
	default:
		return;
	}
	e->has |= UINT32_C(1) << attr;
}

/* The driver goes, or comes: then its groups have other numbers. */
static void receive_control(struct monitor *m, struct nlmsghdr *h)
{
	struct nlattr *attrs[CTRL_ATTR_MAX + 1];

	if (!genlmsg_valid_hdr(h, 0) ||
	    genlmsg_parse(h, 0, attrs, CTRL_ATTR_MAX, NULL) ||
	    !attrs[CTRL_ATTR_FAMILY_NAME] ||
	    nla_strcmp(attrs[CTRL_ATTR_FAMILY_NAME], AKIDA_NL_FAMILY_NAME))
		return;
	if (genlmsg_hdr(h)->cmd == CTRL_CMD_NEWFAMILY)
		m->loaded = true;
	else if (genlmsg_hdr(h)->cmd == CTRL_CMD_DELFAMILY)
		term_warning("akida.ko was unloaded; waiting for it");
}

static int receive(struct nl_msg *msg, void *data)
{
	struct nlmsghdr *h = nlmsg_hdr(msg);
	struct nlattr *attrs[AKIDA_NL_A_MAX + 1];
	struct monitor *m = data;
	struct monitor_event e = { 0 };
	unsigned int i;
	char pci[32];

	if (h->nlmsg_type == GENL_ID_CTRL)
		receive_control(m, h);
	if (h->nlmsg_type != m->family || !genlmsg_valid_hdr(h, 0) ||
	    genlmsg_parse(h, 0, attrs, AKIDA_NL_A_MAX, NULL))
		return NL_OK;
	e.cmd = genlmsg_hdr(h)->cmd;
	if (!monitor_name(e.cmd) || !attrs[AKIDA_NL_A_INDEX])
		return NL_OK;
	for (i = 1; i <= AKIDA_NL_A_MAX; i++) {
		if (!attrs[i] || i == AKIDA_NL_A_PAD)
			continue;
		if (i == AKIDA_NL_A_PCI) {
			nla_strlcpy(pci, attrs[i], sizeof(pci));
			monitor_set_pci(&e, pci);
		} else {
			take_attribute(&e, i, attrs[i]);
		}
	}
	handle(m, &e);
	return NL_OK;
}

/* --------------------------------------------------------------- connecting */

static int failed(const char *what, int err)
{
	term_error("%s: %s", what, nl_geterror(err));
	return -1;
}

/* By a socket of its own: answers must not mix with events. */
static int join(struct monitor *m, struct nl_sock *ask)
{
	static const char *const groups[] = {
		AKIDA_NL_MCGRP_DEVICE, AKIDA_NL_MCGRP_PROGRAM,
		AKIDA_NL_MCGRP_JOB,    AKIDA_NL_MCGRP_RESET,
		AKIDA_NL_MCGRP_SENSOR, AKIDA_NL_MCGRP_LINK,
	};
	size_t i;
	int n;

	for (i = 0; i < ARRAY_SIZE(groups); i++) {
		n = genl_ctrl_resolve_grp(ask, AKIDA_NL_FAMILY_NAME, groups[i]);
		if (n >= 0)
			n = nl_socket_add_membership(m->socket, n);
		if (n < 0) {
			term_error("cannot listen to group '%s': %s", groups[i],
				   nl_geterror(n));
			return -1;
		}
	}
	return 0;
}

static struct nl_sock *open_socket(void)
{
	struct nl_sock *s = nl_socket_alloc();
	int err;

	if (!s)
		term_die_memory();
	err = genl_connect(s);
	if (!err)
		return s;
	failed("cannot open a netlink socket", err);
	nl_socket_free(s);
	return NULL;
}

static int find_driver(struct monitor *m)
{
	struct nl_sock *ask = open_socket();
	int err = -1;

	if (!ask)
		return -1;
	m->family = genl_ctrl_resolve(ask, AKIDA_NL_FAMILY_NAME);
	if (m->family < 0)
		term_error(
			"the driver tells of no events: akida.ko is not loaded (modprobe akida; see akida doctor), or this is a container with a network of its own, where its events do not come");
	else
		err = join(m, ask);
	nl_socket_free(ask);
	return err;
}

static int connect_driver(struct monitor *m)
{
	int notify;

	m->socket = open_socket();
	if (!m->socket)
		return -1;
	/* A burst must not be lost; without the right to it, less will do. */
	nl_socket_set_buffer_size(m->socket, RECEIVE_BUFFER, 0);
	nl_socket_disable_seq_check(m->socket);
	nl_socket_modify_cb(m->socket, NL_CB_VALID, NL_CB_CUSTOM, receive, m);
	notify = genl_ctrl_resolve_grp(m->socket, "nlctrl", "notify");
	if (notify >= 0)
		nl_socket_add_membership(m->socket, notify);
	return find_driver(m);
}

/* Boards that are there; who listens already misses none that comes. */
static int list_boards(struct monitor *m)
{
	int err =
		genl_send_simple(m->socket, m->family, AKIDA_NL_CMD_DEVICE_GET,
				 AKIDA_NL_FAMILY_VERSION, NLM_F_DUMP);

	if (err >= 0)
		err = nl_recvmsgs_default(m->socket);
	return err < 0 ? failed("cannot ask for boards", err) : 0;
}

static int find_board(struct monitor *m)
{
	struct akida_board_desc d;
	char *end;

	m->index = -1;
	if (!m->device)
		return 0;
	if (!akida_board_find(m->device, &d, sizeof(d))) {
		m->index = d.index;
		return 0;
	}
	/* By its number a board can be waited for. */
	errno = 0;
	m->index = strtoll(m->device, &end, 10);
	if (m->device[0] >= '0' && m->device[0] <= '9' && !*end && !errno &&
	    m->index < MAX_BOARDS)
		return 0;
	term_error(
		"--device: there is no board '%s'; akida list shows those that there are",
		m->device);
	return -1;
}

/* ------------------------------------------------------------------- loop */

static int open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* The signal that asks for the end, or 0. */
static int take_signals(int fd)
{
	struct signalfd_siginfo info;
	int end = 0;

	while (read(fd, &info, sizeof(info)) == sizeof(info))
		if (info.ssi_signo != SIGCHLD)
			end = info.ssi_signo;
	return end;
}

/* What is there to be read; -1 if the driver or the reader is gone. */
static int drain(struct monitor *m)
{
	int err;

	do
		err = nl_recvmsgs_default(m->socket);
	while (!err && !m->done);
	/* Too many at once: the gap in their numbers is told. */
	if (err && err != -NLE_AGAIN && err != -NLE_NOMEM && err != -NLE_INTR)
		return failed("cannot receive events", err);
	if (fflush(stdout) || ferror(stdout))
		return -1;
	if (!m->loaded || m->done)
		return 0;
	m->loaded = false;
	/* Boards that were faster than this are told as present. */
	err = find_driver(m);
	if (!err)
		err = genl_send_simple(m->socket, m->family,
				       AKIDA_NL_CMD_DEVICE_GET,
				       AKIDA_NL_FAMILY_VERSION, NLM_F_DUMP);
	return err < 0 ? -1 : 0;
}

/* Those that run are waited for; a second signal ends that, too. */
static void wait_for_commands(struct monitor *m, int signals)
{
	struct pollfd p = { .fd = signals, .events = POLLIN };

	while (monitor_reap(&m->exec, m->done)) {
		if (poll(&p, 1, -1) < 0 && errno != EINTR)
			return;
		if (take_signals(signals))
			return;
	}
}

static int loop(struct monitor *m, int signals)
{
	struct pollfd p[] = {
		{ .fd = nl_socket_get_fd(m->socket), .events = POLLIN },
		{ .fd = signals, .events = POLLIN },
	};
	int end = 0, err = drain(m);

	while (!err && !m->done && !end) {
		if (poll(p, ARRAY_SIZE(p), -1) < 0 && errno != EINTR)
			return -1;
		if (p[1].revents & POLLIN) {
			end = take_signals(signals);
			monitor_reap(&m->exec, !end);
		}
		if (!end && p[0].revents)
			err = drain(m);
	}
	wait_for_commands(m, signals);
	return err;
}

static int monitor(struct monitor *m)
{
	int signals = open_signals(), err;

	err = signals < 0 ? -1 : connect_driver(m);
	if (!err)
		err = find_board(m);
	if (!err)
		err = list_boards(m);
	if (!err) {
		nl_socket_set_nonblocking(m->socket);
		err = loop(m, signals);
	}
	nl_socket_free(m->socket);
	if (signals >= 0)
		close(signals);
	return err ? TOOL_FAILED : TOOL_OK;
}

#else

static int monitor(struct monitor *m)
{
	(void)m;
	term_error(
		"this akida was built without libnl-genl-3, which events come by: install libnl-genl-3-dev and build it again");
	return TOOL_FAILED;
}

#endif

int cmd_monitor(int argc, char **argv)
{
	struct monitor *m = tool_alloc(1, sizeof(*m));
	int ret;

	m->index = -1;
	tool_parse(&argp, argc, argv, m);
	ret = monitor(m);
	free(m);
	return ret;
}
