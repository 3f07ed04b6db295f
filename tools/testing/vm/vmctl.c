// SPDX-License-Identifier: GPL-2.0
/*
 * vmctl - what a test in the virtual machine asks of the host
 *
 * One request at a time goes over a serial line to scripts/vm and is answered
 * there: a line out, "STATUS LENGTH" and LENGTH bytes back. The answer is
 * printed, its status is that of the program.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <termios.h>
#include <unistd.h>

#define LINE "/dev/ttyS2"
/* The host gives up before; that it never answers means that it is gone. */
#define PATIENCE_MS 600000

static const char usage[] =
	"Usage: vmctl COMMAND\n"
	"\n"
	"  board N COMMAND...    a command of akida-board's control socket, such as\n"
	"                        stats, \"fault stall:chan=rd0\", clear all\n"
	"  unplug N [nowait]     take the board from its slot, as device_del does\n"
	"  replug N              put it back\n"
	"  kill-board N          kill the board's process: surprise removal\n"
	"  start-board N         start it again (replug makes the machine see it)\n"
	"  wakeup-after SECONDS  wake the machine up that long after it has gone to sleep\n"
	"  press-power SECONDS   press the power button every so many seconds, which wakes a\n"
	"                        machine from s2idle; 0: no longer\n"
	"  allow N KEY COUNT     the test has looked at COUNT of that counter itself, such\n"
	"                        as interrupts.stray: the run does not fail on them\n"
	"  qmp JSON              a command of QEMU's monitor\n"
	"  result KEY VALUE      what the machine's init tells the harness\n";

static void die(const char *what)
{
	fprintf(stderr, "vmctl: %s: %s\n", what, strerror(errno));
	exit(125);
}

static void send_all(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t done = write(fd, p, n);

		if (done < 0) {
			if (errno == EINTR)
				continue;
			die("cannot write to " LINE);
		}
		p += done;
		n -= done;
	}
}

static char receive(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char c;

	for (;;) {
		int ready = poll(&p, 1, PATIENCE_MS);
		ssize_t n;

		if (ready < 0 && errno == EINTR)
			continue;
		if (ready == 0)
			errno = ETIMEDOUT;
		if (ready <= 0)
			die("no answer from " LINE);
		n = read(fd, &c, 1);
		if (n == 1)
			return c;
		if (n < 0 && errno != EINTR && errno != EAGAIN)
			die("cannot read from " LINE);
	}
}

int main(int argc, char **argv)
{
	char line[8192], head[64];
	unsigned long length;
	struct termios tio;
	size_t n = 0;
	int fd, status;

	if (argc < 2 || !strcmp(argv[1], "--help")) {
		fputs(usage, argc < 2 ? stderr : stdout);
		return argc < 2 ? 2 : 0;
	}
	for (int i = 1; i < argc; i++) {
		int k = snprintf(line + n, sizeof(line) - n, "%s%s",
				 i > 1 ? " " : "", argv[i]);

		if (k < 0 || n + k + 2 > sizeof(line)) {
			fprintf(stderr,
				"vmctl: a request has at most %zu bytes\n",
				sizeof(line) - 2);
			return 2;
		}
		n += k;
	}
	for (size_t i = 0; i < n; i++) {
		if (line[i] == '\n')
			line[i] = ' ';
	}
	line[n++] = '\n';

	fd = open(LINE, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		die("cannot open " LINE);
	/* Several processes of a test may ask at once. */
	while (flock(fd, LOCK_EX)) {
		if (errno != EINTR)
			die("cannot lock " LINE);
	}
	if (tcgetattr(fd, &tio))
		die("cannot set up " LINE);
	cfmakeraw(&tio);
	tio.c_cflag |= CLOCAL;
	tio.c_cc[VMIN] = 1;
	tio.c_cc[VTIME] = 0;
	if (tcsetattr(fd, TCSANOW, &tio))
		die("cannot set up " LINE);

	send_all(fd, line, n);
	for (n = 0; n < sizeof(head) - 1; n++) {
		head[n] = receive(fd);
		if (head[n] == '\n')
			break;
	}
	head[n] = '\0';
	if (sscanf(head, "%d %lu", &status, &length) != 2) {
		errno = EPROTO;
		die("cannot understand the answer");
	}
	while (length--)
		putchar(receive(fd));
	return status;
}
