// SPDX-License-Identifier: GPL-2.0
#include "python.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmocka_all.h"

#define PYTHON "/usr/bin/python3"

static int run(const char *script, const char *arg, const char *arg2,
	       bool quiet)
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (!pid) {
		/* What it says must not look like the test's own output. */
		dup2(STDERR_FILENO, STDOUT_FILENO);
		if (quiet && (!freopen("/dev/null", "w", stdout) ||
			      !freopen("/dev/null", "w", stderr)))
			_exit(127);
		execl(PYTHON, PYTHON, "-c", script, arg, arg2, (char *)NULL);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

bool have_python(const char *module)
{
	char script[128];

	snprintf(script, sizeof(script), "import %s", module ? module : "sys");
	if (!access(PYTHON, X_OK) && !run(script, NULL, NULL, true))
		return true;
	print_message("# skipped: " PYTHON " has no %s\n",
		      module ? module : "interpreter");
	return false;
}

void run_python(const char *script, const char *arg, const char *arg2)
{
	int rc = run(script, arg, arg2, false);

	if (rc)
		fail_msg("the script for %s ended with %d", arg, rc);
}
