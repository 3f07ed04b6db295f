// SPDX-License-Identifier: GPL-2.0
/*
 * What programs say, for a report: this one, too, so that whatever goes wrong
 * in it is in the report and not its end.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/sys.h"
#include "report.h"
#include "tool.h"

#define SECONDS 60

static int64_t now_ms(void)
{
	return (int64_t)(ak_now_ns() / 1000000);
}

/* Nothing of the caller's environment but what a program needs, and tests. */
static int start(const char *const *argv, int out, pid_t *pid)
{
	const char *root = *ak_sys_root() ? ak_sys_root() : NULL;
	const char *preload = root ? getenv("LD_PRELOAD") : NULL;
	char *env[] = { (char *)"PATH=/usr/sbin:/usr/bin:/sbin:/bin",
			(char *)"LC_ALL=C",
			(char *)"NO_COLOR=1",
			NULL,
			NULL,
			NULL };
	char *root_text = root ? tool_text("AKIDA_TEST_ROOT=%s", root) : NULL;
	char *preload_text =
		preload ? tool_text("LD_PRELOAD=%s", preload) : NULL;
	posix_spawn_file_actions_t files;
	int err, i = 3;

	if (root_text)
		env[i++] = root_text;
	if (preload_text)
		env[i++] = preload_text;
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&files, out, 1);
	posix_spawn_file_actions_adddup2(&files, out, 2);
	err = posix_spawnp(pid, argv[0], &files, NULL, (char *const *)argv,
			   env);
	posix_spawn_file_actions_destroy(&files);
	free(root_text);
	free(preload_text);
	return err;
}

/* Why reading ended; NULL at the end of what the program says. */
static const char *listen(int fd, char *text, size_t *used)
{
	int64_t end = now_ms() + SECONDS * 1000;
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int64_t left;
	ssize_t n;

	for (;;) {
		left = end - now_ms();
		if (left <= 0)
			return "it took more than a minute and was ended";
		n = poll(&p, 1, (int)left);
		if (n <= 0)
			continue;
		n = read(fd, text + *used, REPORT_MAX_FILE - *used);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return NULL;
		*used += (size_t)n;
		if (*used == REPORT_MAX_FILE)
			return "it said too much and was ended";
	}
}

void report_program(struct report *r, const char *name, const char *const *argv)
{
	char *text = tool_alloc(REPORT_MAX_FILE, 1);
	const char *why;
	int pipes[2], status, err;
	size_t used = 0;
	pid_t pid;

	if (pipe2(pipes, O_CLOEXEC)) {
		report_miss(r, strerror(errno), "%s", name);
		free(text);
		return;
	}
	err = start(argv, pipes[1], &pid);
	close(pipes[1]);
	if (err) {
		if (err != ENOENT)
			report_miss(r, strerror(err), "%s", name);
	} else {
		why = listen(pipes[0], text, &used);
		if (why) {
			kill(pid, SIGKILL);
			report_miss(r, why, "the rest of %s", name);
		}
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
		if (!why && WIFSIGNALED(status))
			report_miss(r, strsignal(WTERMSIG(status)),
				    "the rest of %s", name);
		report_add(r, text, used, "%s", name);
	}
	close(pipes[0]);
	free(text);
}
