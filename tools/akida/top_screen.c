// SPDX-License-Identifier: GPL-2.0
/*
 * akida top on a terminal: keys, signals, and the terminal as it was before.
 */
#include "common/clock.h"
#include "device/board.h"
#include "term.h"
#include "tool.h"
#include "top.h"

#if HAVE_NCURSES
#include <curses.h>
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "top_view.h"

#define MESSAGE_NS UINT64_C(10000000000)
#define KEY_ESCAPE 27

/* What a signal has asked for; they come while the loop waits only. */
static volatile sig_atomic_t ended, resized, stopped, continued;
/* The terminal is ours. */
static bool on;

static void take_signal(int sig)
{
	switch (sig) {
	case SIGWINCH:
		resized = 1;
		break;
	case SIGTSTP:
		stopped = 1;
		break;
	case SIGCONT:
		continued = 1;
		break;
	default:
		ended = 1;
		break;
	}
}

static const int signals[] = { SIGINT,	SIGTERM,  SIGHUP, SIGQUIT,
			       SIGTSTP, SIGWINCH, SIGCONT };

/* @outside: the mask to wait with. */
static void catch_signals(sigset_t *outside)
{
	struct sigaction sa = { .sa_handler = take_signal };
	sigset_t set;
	size_t i;

	sigemptyset(&set);
	for (i = 0; i < ARRAY_SIZE(signals); i++)
		sigaddset(&set, signals[i]);
	sigprocmask(SIG_BLOCK, &set, outside);
	for (i = 0; i < ARRAY_SIZE(signals); i++) {
		sigaction(signals[i], &sa, NULL);
		sigdelset(outside, signals[i]);
	}
}

static void restore(void)
{
	if (on)
		endwin();
	on = false;
}

/* As a program does that knows nothing of terminals, and then all anew. */
static void stop(void)
{
	struct sigaction sa = { .sa_handler = SIG_DFL }, ours;
	sigset_t set;

	endwin();
	sigaction(SIGTSTP, &sa, &ours);
	sigemptyset(&set);
	sigaddset(&set, SIGTSTP);
	raise(SIGTSTP);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	/* Here it stands still. */
	sigprocmask(SIG_BLOCK, &set, NULL);
	sigaction(SIGTSTP, &ours, NULL);
	continued = 1;
}

static void resize(void)
{
	struct winsize w;

	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) && w.ws_row && w.ws_col)
		resizeterm(w.ws_row, w.ws_col);
}

static void handle_signals(void)
{
	if (stopped) {
		stopped = 0;
		stop();
	}
	if (continued) {
		/* A shell has had the terminal, and perhaps changed its size. */
		continued = 0;
		/* Twice would put the shell's cursor where it was long ago. */
		if (!isendwin())
			endwin();
		resized = 1;
		clearok(curscr, TRUE);
		refresh();
	}
	if (resized) {
		resized = 0;
		resize();
	}
}

/* -------------------------------------------------------------------- keys */

static void say(struct top_view *v, const char *text)
{
	snprintf(v->message, sizeof(v->message), "%s", text);
	v->until = ak_now_ns() + MESSAGE_NS;
}

static void move_choice(struct top_view *v, int by)
{
	const struct top_model *m = v->model;
	size_t place = top_find(m, v->chosen);

	if (!m->boards || (by < 0 && !place) ||
	    (by > 0 && place + 1 >= m->boards))
		return;
	v->chosen = m->board[by < 0 ? place - 1 : place + 1]->now.desc.index;
}

static void choose_index(struct top_view *v, uint32_t index)
{
	char text[64];

	if (top_find(v->model, index) < v->model->boards) {
		v->chosen = index;
		return;
	}
	snprintf(text, sizeof(text), "there is no akida%u", index);
	say(v, text);
}

static void change_interval(struct top_view *v, bool longer)
{
	static const double steps[] = { 0.1, 0.2, 0.5, 1,   2,	 5,
					10,  20,  60,  300, 900, 3600 };
	char text[64];
	size_t i;

	if (longer) {
		for (i = 0; i + 1 < ARRAY_SIZE(steps); i++)
			if (steps[i] > v->interval)
				break;
	} else {
		for (i = ARRAY_SIZE(steps) - 1; i > 0; i--)
			if (steps[i] < v->interval)
				break;
	}
	v->interval = steps[i];
	snprintf(text, sizeof(text), "every %g s", v->interval);
	say(v, text);
}

static void change_sort(struct top_view *v, int by)
{
	struct top_model *m = v->model;

	m->sort = (enum top_sort)(((int)m->sort + by + TOP_SORTS) % TOP_SORTS);
	top_sort(m);
}

static void answer(struct top_view *v, int key)
{
	const struct top_model *m = v->model;
	size_t place = top_find(m, v->chosen);
	char text[sizeof(v->message)];
	unsigned int i;

	for (i = 0; i < AK_CLOCK_MODES && place < m->boards; i++)
		if (key == ak_clock_modes[i][0]) {
			top_set_mode(&m->board[place]->now, i, text,
				     sizeof(text));
			say(v, text);
		}
	v->asking = false;
}

/* Keys that tell what to see. */
static void handle_key(struct top_view *v, int key)
{
	switch (key) {
	case KEY_UP:
	case 'k':
		move_choice(v, -1);
		break;
	case KEY_DOWN:
	case 'j':
	case '\t':
		move_choice(v, 1);
		break;
	case KEY_NPAGE:
		v->first += v->shown;
		break;
	case KEY_PPAGE:
		v->first -= v->first < v->shown ? v->first : v->shown;
		break;
	case 's':
	case '>':
		change_sort(v, 1);
		break;
	case '<':
		change_sort(v, -1);
		break;
	case 'r':
		v->model->reverse = !v->model->reverse;
		top_sort(v->model);
		break;
	case 'c':
		if (v->model->boards)
			v->asking = true;
		break;
	case '+':
	case '-':
		change_interval(v, key == '+');
		break;
	case 'h':
	case '?':
		v->help = true;
		break;
	default:
		if (key >= '0' && key <= '9')
			choose_index(v, (uint32_t)(key - '0'));
		break;
	}
}

/* True if it is time for a sample now. */
static bool take_keys(struct top_view *v)
{
	bool now = false;
	int key;

	/* What is typed after q is for whoever comes next. */
	while (!ended && (key = getch()) != ERR) {
		v->message[0] = '\0';
		if (v->help) {
			v->help = false;
		} else if (v->asking) {
			answer(v, key);
			/* What the board made of it. */
			now = true;
		} else if (key == 'q') {
			ended = 1;
		} else if (key == 'p') {
			v->paused = !v->paused;
		} else if (key == ' ') {
			now = true;
		} else {
			handle_key(v, key);
		}
	}
	return now;
}

/* -------------------------------------------------------------------- loop */

/* Waits for a key, a signal or a moment (0: none). */
static void wait_until(const struct top_view *v, uint64_t moment,
		       const sigset_t *outside)
{
	struct pollfd p = { .fd = STDIN_FILENO, .events = POLLIN };
	struct timespec t = { 0 };
	uint64_t now = ak_now_ns();

	if (v->message[0] && (!moment || v->until < moment))
		moment = v->until;
	if (moment > now) {
		t.tv_sec = (time_t)((moment - now) / 1000000000);
		t.tv_nsec = (long)((moment - now) % 1000000000);
	}
	if (ppoll(&p, 1, moment ? &t : NULL, outside) < 0)
		return;
	/* The terminal is gone. */
	if (p.revents & (POLLHUP | POLLERR | POLLNVAL))
		ended = 1;
}

static void sample(struct top_view *v)
{
	top_sample(v->model);
	if (v->model->news[0])
		say(v, v->model->news);
}

static void loop(struct top_view *v, uint32_t count, const sigset_t *outside)
{
	uint64_t next = 0, now;
	uint32_t n = 0;
	bool due = true;

	while (!ended) {
		now = ak_now_ns();
		if (due || (!v->paused && now >= next)) {
			sample(v);
			next = now + (uint64_t)(v->interval * 1e9);
			n++;
		}
		if (v->message[0] && now >= v->until)
			v->message[0] = '\0';
		top_draw(v);
		if (n == count && count)
			break;
		wait_until(v, v->paused ? 0 : next, outside);
		handle_signals();
		due = take_keys(v);
		/* A shorter interval counts at once. */
		now = ak_now_ns() + (uint64_t)(v->interval * 1e9);
		if (next > now)
			next = now;
	}
}

static SCREEN *open_terminal(void)
{
	const char *kind = getenv("TERM");
	const char *no_color = getenv("NO_COLOR");
	SCREEN *s;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		term_error(
			"the live view needs a terminal: use --batch or --json");
		return NULL;
	}
	setlocale(LC_CTYPE, "");
	s = newterm(NULL, stdout, stdin);
	if (!s) {
		term_error(
			"nothing is known about terminals of kind '%s': set TERM, or use --batch",
			kind ? kind : "");
		return NULL;
	}
	on = true;
	if (!tigetstr("cup") || tigetstr("cup") == (char *)-1) {
		restore();
		delscreen(s);
		term_error(
			"a terminal of kind '%s' cannot show it: set TERM, or use --batch",
			kind ? kind : "");
		return NULL;
	}
	atexit(restore);
	set_escdelay(50);
	cbreak();
	noecho();
	nodelay(stdscr, TRUE);
	keypad(stdscr, TRUE);
	curs_set(0);
	ink_begin(!(no_color && *no_color));
	return s;
}

int top_screen(struct top_model *m, const struct top_loop *l)
{
	struct top_view v = { .model = m, .interval = l->interval };
	sigset_t outside;
	SCREEN *s;

	s = open_terminal();
	if (!s)
		return TOOL_FAILED;
	v.style.utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8");
	catch_signals(&outside);
	loop(&v, l->count, &outside);
	restore();
	delscreen(s);
	return TOOL_OK;
}

#else

int top_screen(struct top_model *m, const struct top_loop *l)
{
	(void)m;
	(void)l;
	term_error(
		"this akida was built without ncurses, which draws the live view: install libncurses-dev and build it again, or use --batch or --json");
	return TOOL_FAILED;
}

#endif
