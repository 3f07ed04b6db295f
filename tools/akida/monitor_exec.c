// SPDX-License-Identifier: GPL-2.0
/*
 * Commands that are run for events: a few at a time, others wait. What an event
 * says reaches them in variables, never as text that a shell would read.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>

#include "monitor.h"
#include "term.h"

static int spawn(const char *command, const struct monitor_event *e, pid_t *pid)
{
	char *argv[] = { (char *)"sh", (char *)"-c", (char *)command, NULL };
	posix_spawn_file_actions_t files;
	char **env = monitor_environment(e);
	posix_spawnattr_t attr;
	sigset_t set;
	int err;

	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attr);
	err = posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY,
					       0);
	/* Signals as this process was given them. */
	sigemptyset(&set);
	posix_spawnattr_setsigmask(&attr, &set);
	sigaddset(&set, SIGPIPE);
	posix_spawnattr_setsigdefault(&attr, &set);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK |
						POSIX_SPAWN_SETSIGDEF);
	if (!err)
		err = posix_spawn(pid, "/bin/sh", &files, &attr, argv, env);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&files);
	monitor_free_environment(env);
	return err;
}

static void start(struct monitor_exec *x)
{
	size_t i;
	int err;

	for (i = 0; i < MONITOR_COMMANDS && x->num; i++) {
		if (x->child[i])
			continue;
		err = spawn(x->command, &x->waiting[x->first], &x->child[i]);
		if (err) {
			x->child[i] = 0;
			term_error("cannot run a shell for an event: %s",
				   strerror(err));
		}
		x->first = (x->first + 1) % MONITOR_WAITING;
		x->num--;
	}
}

void monitor_run(struct monitor_exec *x, const struct monitor_event *e)
{
	if (x->num == MONITOR_WAITING) {
		if (!x->dropped++)
			term_warning(
				"%d commands run and %d events wait for theirs: no command for what comes now",
				MONITOR_COMMANDS, MONITOR_WAITING);
		return;
	}
	x->waiting[(x->first + x->num++) % MONITOR_WAITING] = *e;
	start(x);
}

size_t monitor_reap(struct monitor_exec *x, bool go_on)
{
	size_t i, running = 0;
	int status;

	for (i = 0; i < MONITOR_COMMANDS; i++) {
		pid_t pid;

		if (!x->child[i])
			continue;
		do
			pid = waitpid(x->child[i], &status, WNOHANG);
		while (pid < 0 && errno == EINTR);
		if (!pid)
			continue;
		x->child[i] = 0;
		if (pid > 0 && WIFSIGNALED(status))
			term_warning("a command was ended by signal %d",
				     WTERMSIG(status));
		else if (pid > 0 && WEXITSTATUS(status))
			term_warning("a command ended with status %d",
				     WEXITSTATUS(status));
	}
	if (go_on)
		start(x);
	if (x->dropped && x->num < MONITOR_WAITING) {
		term_warning("%llu events had no command",
			     (unsigned long long)x->dropped);
		x->dropped = 0;
	}
	for (i = 0; i < MONITOR_COMMANDS; i++)
		running += x->child[i] != 0;
	return running;
}
