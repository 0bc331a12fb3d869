/* The terminal is asked even when only one of the standard streams is one: what is typed is read
 * from the standard input, prompts go to the standard error. */
#include "ctl/password.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/macro.h"
#include "base/memory-file.h"

#define SIZE      4096 /* bytes; what is allowed the daemon says */
#define INTERRUPT 3    /* what Ctrl-C sends */

/* Until the end of the input, or of the line when only one is wanted. */
static int read_secret(bool line, char ret[static SIZE]) {
        size_t n = 0;
        ssize_t k;

        while (n < SIZE - 1) {
                k = read(STDIN_FILENO, ret + n, line ? 1 : SIZE - 1 - n);
                if (k < 0 && errno == EINTR)
                        continue;
                if (k < 0)
                        return -errno;
                if (k == 0 || (line && ret[n] == '\n'))
                        break;
                if (line && ret[n] == INTERRUPT)
                        return -EINTR;
                n += (size_t)k;
        }
        if (n == SIZE - 1)
                return -EFBIG;
        if (n == 0)
                return -ENODATA;
        ret[n] = '\0';
        return (int)n;
}

static int prompt(const char *text, char ret[static SIZE]) {
        int r;

        fputs(text, stderr);
        r = read_secret(true, ret);
        fputc('\n', stderr);
        return r;
}

static int prompt_twice(char ret[static SIZE]) {
        char again[SIZE];
        int r, k;

        r = prompt("New password: ", ret);
        if (r < 0)
                return r;
        k = prompt("Again: ", again);
        if (k < 0)
                r = k;
        else if (strcmp(ret, again) != 0)
                r = -ECANCELED;
        explicit_bzero(again, sizeof(again));
        return r;
}

/* once: the prompt of what is typed a single time; NULL: a new password. */
static int ask(const char *once, char ret[static SIZE]) {
        struct termios before, silent;
        int r;

        if (tcgetattr(STDIN_FILENO, &before) < 0) /* no terminal */
                return read_secret(false, ret);
        /* Ctrl-C comes as what it is, and ends the line: nobody leaves a terminal without echo. */
        silent = before;
        silent.c_lflag &= ~(tcflag_t)(ECHO | ISIG);
        silent.c_cc[VEOL] = INTERRUPT;
        if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) < 0)
                return -errno;
        r = once ? prompt(once, ret) : prompt_twice(ret);
        (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
        return r;
}

int password_descriptor(void) {
        char text[SIZE];
        int r;

        r = ask(NULL, text);
        if (r >= 0)
                r = memory_file_new("password", text, (size_t)r);
        explicit_bzero(text, sizeof(text));
        return r;
}

int password_text(const char *question, char **ret) {
        char text[SIZE];
        int r;

        r = ask(question, text);
        if (r >= 0) {
                text[strcspn(text, "\r\n")] = '\0';
                *ret = strdup(text);
                r = !*ret ? -ENOMEM : **ret ? 0 : -ENODATA;
                if (r == -ENODATA)
                        free(TAKE_PTR(*ret));
        }
        explicit_bzero(text, sizeof(text));
        return r;
}
