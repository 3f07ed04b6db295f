// SPDX-License-Identifier: GPL-2.0
#include "term.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "text.h"
#include "tool.h"

const char *term_program = "akida";

static bool progress_shown;

static bool fancy(FILE *f)
{
	const char *no_color = getenv("NO_COLOR");
	const char *kind = getenv("TERM");

	return isatty(fileno(f)) && !(no_color && *no_color) &&
	       !(kind && !strcmp(kind, "dumb"));
}

const char *term_bold(FILE *f)
{
	return fancy(f) ? "\033[1m" : "";
}

const char *term_plain(FILE *f)
{
	return fancy(f) ? "\033[0m" : "";
}

static void progress_clear(void)
{
	if (progress_shown)
		fputs("\r\033[K", stderr);
	progress_shown = false;
}

static void say(const char *kind, const char *text)
{
	char *clean = text_clean(text);

	progress_clear();
	/* What was printed before must stand before it. */
	fflush(stdout);
	fprintf(stderr, "%s%s: %s%s%s\n", term_bold(stderr), term_program, kind,
		term_plain(stderr), clean);
	free(clean);
}

static void __attribute__((format(printf, 2, 0)))
vsay(const char *kind, const char *fmt, va_list ap)
{
	char *text;

	if (vasprintf(&text, fmt, ap) < 0)
		term_die_memory();
	say(kind, text);
	free(text);
}

void term_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsay("", fmt, ap);
	va_end(ap);
}

void term_warning(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsay("warning: ", fmt, ap);
	va_end(ap);
}

static bool names_file(const char *path, const char *text)
{
	size_t n = strlen(path);

	return !strncmp(text, path, n) && text[n] == ':';
}

void term_file_error(const char *path, const char *text)
{
	if (names_file(path, text))
		term_error("%s", text);
	else
		term_error("%s: %s", path, text);
}

void term_file_warning(const char *path, const char *text)
{
	if (names_file(path, text))
		term_warning("%s", text);
	else
		term_warning("%s: %s", path, text);
}

void term_die_memory(void)
{
	/* Without memory term_error() might come back here. */
	fprintf(stderr, "%s: out of memory\n", term_program);
	exit(TOOL_FAILED);
}

/*
 * Is it time to show progress? Short jobs show nothing, long ones do not
 * flicker. @elapsed: seconds since the first call.
 */
static bool progress_due(bool ended, double *elapsed)
{
	static struct timespec start, last;
	struct timespec now;

	if (!fancy(stderr))
		return false;
	if (ended) {
		progress_clear();
		start.tv_sec = 0;
		return false;
	}
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (!start.tv_sec)
		start = last = now;
	*elapsed = (double)(now.tv_sec - start.tv_sec) +
		   1e-9 * (double)(now.tv_nsec - start.tv_nsec);
	if (now.tv_sec - start.tv_sec < 1 ||
	    (now.tv_sec - last.tv_sec) * 1000000000L + now.tv_nsec -
			    last.tv_nsec <
		    100000000L)
		return false;
	last = now;
	return true;
}

void term_progress(const char *what, size_t done, size_t total)
{
	double elapsed;

	if (!progress_due(done >= total, &elapsed))
		return;
	fprintf(stderr, "\r%zu of %zu %s\033[K", done, total, what);
	progress_shown = true;
}

void term_bar(const char *unit, uint64_t done, uint64_t total)
{
	static const char full[] = "##############################";
	const int width = sizeof(full) - 1;
	double elapsed, share, rate;
	char count[16], speed[16];
	int n;

	if (!progress_due(done >= total, &elapsed))
		return;
	share = (double)done / (double)total;
	rate = (double)done / elapsed;
	n = (int)(share * width);
	fprintf(stderr, "\r[%.*s%*s] %3.0f %%  %s%s", n, full, width - n, "",
		share * 100, tool_human(done, count, sizeof(count)), unit);
	if (rate > 0)
		fprintf(stderr, ", %s%s/s, %.0f s left",
			tool_human((uint64_t)rate, speed, sizeof(speed)), unit,
			(double)(total - done) / rate);
	fputs("\033[K", stderr);
	progress_shown = true;
}

/* Does nobody read standard output any more? */
static bool reader_gone(void)
{
	struct pollfd p = { .fd = STDOUT_FILENO };

	return poll(&p, 1, 0) == 1 && (p.revents & POLLERR);
}

int term_flush(void)
{
	bool lost = ferror(stdout);

	progress_clear();
	errno = 0;
	if (fflush(stdout))
		lost = true;
	if (!lost)
		return TOOL_OK;
	/* A reader that has seen enough, such as head, needs no message. */
	if (errno != EPIPE && !reader_gone())
		fprintf(stderr, "%s: output could not be written%s%s\n",
			term_program, errno ? ": " : "",
			errno ? strerror(errno) : "");
	return TOOL_FAILED;
}
