/* Every option of a transfer is set here, so that nothing of the environment or of a transfer
 * before has a say.
 *
 * On threads of the loop's pool: the library promises not to block, but of SMTP it waits for the
 * last replies, those to the end of the message and to QUIT, until they are there or time is over
 * (measured: a server that says nothing to QUIT holds up the whole loop for a minute). */
#include "event/smtp.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define STEP_MS 200 /* how soon a cancelled one is seen at the latest */

struct SmtpCall {
        uv_work_t work;     /* first: its address is the call's */
        SmtpClient *client; /* NULL: cancelled, and nobody is told */
        SmtpCall *previous, *next;
        CURL *easy;
        struct curl_slist *to;
        const char **names;   /* of `to`, ended by NULL */
        unsigned *replies;    /* to each of them */
        size_t to_n, asked_n; /* of these the server has been asked about */
        bool asking;          /* about the last of those it has not answered yet */
        char *message;
        size_t n, sent;
        atomic_bool cancelled;
        CURLcode code;
        SmtpDone done;
        void *userdata;
        char error[CURL_ERROR_SIZE];
};

struct SmtpClient {
        uv_loop_t *loop;
        SmtpCall *calls;
};

static void call_unlink(SmtpCall *call) {
        if (call->next)
                call->next->previous = call->previous;
        if (call->previous)
                call->previous->next = call->next;
        else
                call->client->calls = call->next;
        call->client = NULL;
}

static SmtpCall *call_free(SmtpCall *call) {
        if (!call)
                return NULL;
        if (call->easy)
                curl_easy_cleanup(call->easy);
        curl_slist_free_all(call->to);
        free(call->names);
        free(call->replies);
        free(call->message);
        free(call);
        return NULL;
}
DEFINE_FREEP(SmtpCall, call_free);

/* Its thread ends soon, and on_worked() frees it. */
SmtpCall *smtp_call_cancel(SmtpCall *call) {
        if (!call)
                return NULL;
        call_unlink(call);
        atomic_store(&call->cancelled, true);
        (void)uv_cancel((uv_req_t *)&call->work);
        return NULL;
}

int smtp_client_new(SmtpClient **ret, uv_loop_t *loop) {
        SmtpClient *c;

        if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
                return -ENOMEM;
        c = calloc(1, sizeof(*c));
        if (!c) {
                curl_global_cleanup();
                return -ENOMEM;
        }
        c->loop = loop;
        *ret = c;
        return 0;
}

SmtpClient *smtp_client_free(SmtpClient *c) {
        if (!c)
                return NULL;
        while (c->calls)
                smtp_call_cancel(c->calls);
        free(c);
        curl_global_cleanup(); /* one of many: each call has its own */
        return NULL;
}

/* On a thread ----------------------------------------------------------------------------------
 */

static CURLcode transfer(SmtpCall *call, CURLM *multi) {
        int running = 1, left;
        CURLMsg *m;

        while (running > 0 && !atomic_load(&call->cancelled)) {
                if (curl_multi_perform(multi, &running) != CURLM_OK ||
                    (running > 0 && curl_multi_poll(multi, NULL, 0, STEP_MS, NULL) != CURLM_OK))
                        return CURLE_FAILED_INIT;
        }
        m = curl_multi_info_read(multi, &left);
        return m && m->msg == CURLMSG_DONE ? m->data.result : CURLE_ABORTED_BY_CALLBACK;
}

static void on_work(uv_work_t *work) {
        SmtpCall *call = (SmtpCall *)work;
        CURLM *multi = curl_multi_init();

        call->code = CURLE_OUT_OF_MEMORY;
        if (!multi)
                return;
        if (curl_multi_add_handle(multi, call->easy) == CURLM_OK) {
                call->code = transfer(call, multi);
                (void)curl_multi_remove_handle(multi, call->easy);
        }
        (void)curl_multi_cleanup(multi);
}

/* Asked while the library waits for a reply, too. */
static int on_progress(void *userdata, curl_off_t a _unused_, curl_off_t b _unused_,
                       curl_off_t c _unused_, curl_off_t d _unused_) {
        SmtpCall *call = userdata;

        return atomic_load(&call->cancelled);
}

/* Back on the loop -------------------------------------------------------------------------------
 */

static void tell(SmtpCall *call) {
        SmtpResult result = { .ok = call->code == CURLE_OK,
                              .to = call->names,
                              .replies = call->replies,
                              .detail = "" };
        long status = 0;

        (void)curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
        result.status = status > 0 ? (unsigned)status : 0;
        if (!result.ok)
                result.detail = call->error[0] ? call->error : curl_easy_strerror(call->code);
        call_unlink(call);
        call->done(&result, call->userdata);
}

static void on_worked(uv_work_t *work, int status _unused_) {
        SmtpCall *call = (SmtpCall *)work;

        if (call->client)
                tell(call);
        call_free(call);
        curl_global_cleanup();
}

/* One message ------------------------------------------------------------------------------------
 */

static size_t on_read(char *to, size_t size, size_t n, void *userdata) {
        SmtpCall *call = userdata;

        n = MIN(size * n, call->n - call->sent);
        memcpy(to, call->message + call->sent, n);
        call->sent += n;
        return n;
}

/* What a server says beside its replies is of no interest. */
static size_t on_write(char *data _unused_, size_t size, size_t n, void *userdata _unused_) {
        return size * n;
}

/* What the library tells of the whole is the last reply, so the one to each recipient is read from
 * its words: they are asked about one by one, in their order. */
static int on_words(CURL *easy _unused_, curl_infotype type, char *text, size_t n, void *userdata) {
        static const char question[] = "RCPT TO:";
        SmtpCall *call = userdata;

        if (type == CURLINFO_HEADER_OUT) {
                call->asking = n >= strlen(question) && call->asked_n < call->to_n &&
                               memcmp(text, question, strlen(question)) == 0;
                call->asked_n += call->asking;
        } else if (type == CURLINFO_HEADER_IN && call->asking && n > 3 && text[3] != '-') {
                char digits[4] = { text[0], text[1], text[2] };

                call->replies[call->asked_n - 1] = (unsigned)strtoul(digits, NULL, 10);
                call->asking = false;
        }
        return 0;
}

static int put_recipients(SmtpCall *call, const char *const *to) {
        size_t n = 0;

        while (to[call->to_n])
                call->to_n++;
        call->names = calloc(call->to_n + 1, sizeof(*call->names));
        call->replies = calloc(call->to_n + 1, sizeof(*call->replies));
        if (!call->names || !call->replies)
                return -ENOMEM;
        for (size_t i = 0; to[i]; i++) {
                struct curl_slist *list = curl_slist_append(call->to, to[i]);

                if (!list)
                        return -ENOMEM;
                call->to = list;
        }
        for (struct curl_slist *l = call->to; l; l = l->next)
                call->names[n++] = l->data;
        return 0;
}

static void set_way(CURL *e, const SmtpRequest *q) {
        long milliseconds = (long)(q->timeout / USEC_PER_MSEC);

        curl_easy_setopt(e, CURLOPT_URL, q->url);
        curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
        curl_easy_setopt(e, CURLOPT_USE_SSL, (long)(q->plain ? CURLUSESSL_TRY : CURLUSESSL_ALL));
        curl_easy_setopt(e, CURLOPT_CAPATH, NULL);
        if (q->ca_file)
                curl_easy_setopt(e, CURLOPT_CAINFO, q->ca_file);
        curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, 1L);
        curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, 2L);
        curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
        curl_easy_setopt(e, CURLOPT_FRESH_CONNECT, 1L);
        curl_easy_setopt(e, CURLOPT_FORBID_REUSE, 1L);
        curl_easy_setopt(e, CURLOPT_PROXY, "");
        curl_easy_setopt(e, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
        curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(e, CURLOPT_QUICK_EXIT, 1L);
        curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, milliseconds);
        curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, milliseconds);
        curl_easy_setopt(e, CURLOPT_SERVER_RESPONSE_TIMEOUT, (milliseconds + 999) / 1000);
}

static void set_message(SmtpCall *call, const SmtpRequest *q) {
        CURL *e = call->easy;

        curl_easy_setopt(e, CURLOPT_NOPROGRESS, 0L);
        curl_easy_setopt(e, CURLOPT_XFERINFOFUNCTION, on_progress);
        curl_easy_setopt(e, CURLOPT_XFERINFODATA, call);
        curl_easy_setopt(e, CURLOPT_ERRORBUFFER, call->error);
        curl_easy_setopt(e, CURLOPT_MAIL_FROM, q->from);
        curl_easy_setopt(e, CURLOPT_MAIL_RCPT, call->to);
        curl_easy_setopt(e, CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1L);
        curl_easy_setopt(e, CURLOPT_VERBOSE, 1L); /* the next is its only listener */
        curl_easy_setopt(e, CURLOPT_DEBUGFUNCTION, on_words);
        curl_easy_setopt(e, CURLOPT_DEBUGDATA, call);
        curl_easy_setopt(e, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(e, CURLOPT_READFUNCTION, on_read);
        curl_easy_setopt(e, CURLOPT_READDATA, call);
        curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_write);
        if (q->user && q->password) {
                curl_easy_setopt(e, CURLOPT_USERNAME, q->user);
                curl_easy_setopt(e, CURLOPT_PASSWORD, q->password);
        }
}

static int call_new(SmtpCall **ret, SmtpClient *c, const SmtpRequest *q) {
        _cleanup_(call_freep) SmtpCall *call = calloc(1, sizeof(*call));

        if (!call)
                return -ENOMEM;
        call->client = c;
        call->message = strdup(q->message);
        call->easy = curl_easy_init();
        if (!call->message || !call->easy || put_recipients(call, q->to) < 0)
                return -ENOMEM;
        call->n = strlen(call->message);
        set_way(call->easy, q);
        set_message(call, q);
        *ret = TAKE_PTR(call);
        return 0;
}

int smtp_start(SmtpClient *c, const SmtpRequest *request, SmtpDone done, void *userdata,
               SmtpCall **ret) {
        _cleanup_(call_freep) SmtpCall *call = NULL;
        int r;

        r = call_new(&call, c, request);
        if (r < 0)
                return r;
        call->done = done;
        call->userdata = userdata;
        if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
                return -ENOMEM;
        r = uv_queue_work(c->loop, &call->work, on_work, on_worked);
        if (r < 0) {
                curl_global_cleanup();
                return r;
        }
        call->next = c->calls;
        if (call->next)
                call->next->previous = call;
        c->calls = call;
        if (ret)
                *ret = call;
        TAKE_PTR(call);
        return 0;
}
