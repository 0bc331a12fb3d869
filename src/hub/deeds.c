/* One page under way at a time; how far it came is in the same commit as what it told. */
#include "hub/deeds.h"

#include <errno.h>
#include <string.h>

#include "store/events.h"
#include "store/incident-deeds.h"

struct Deeds {
        DeedsOptions options;
        uint64_t told;
        StoreCall *call;
        bool again; /* something came while it was reading */
};

int deeds_new(Deeds **ret, const DeedsOptions *options) {
        Deeds *d = calloc(1, sizeof(*d));

        if (!d)
                return -ENOMEM;
        *d = (Deeds){ .options = *options, .told = options->told };
        *ret = d;
        return 0;
}

Deeds *deeds_free(Deeds *d) {
        if (!d)
                return NULL;
        store_call_cancel(d->call);
        free(d);
        return NULL;
}

/* Bystanders hear of the two ends of an incident, whoever makes them. */
static void tell_bystanders(const Deeds *d, const DeedRow *row) {
        static const struct {
                const char *event;
                NewsKind kind;
        } kinds[] = {
                { "incident.opened", NEWS_INCIDENT_OPENED },
                { "incident.closed", NEWS_INCIDENT_CLOSED },
        };

        for (size_t i = 0; i < ELEMENTSOF(kinds); i++)
                if (strcmp(kinds[i].event, row->event) == 0)
                        news_put(d->options.news, writer_commit_no(d->options.writer),
                                 &(const NewsItem){ .kind = kinds[i].kind,
                                                    .at = row->at,
                                                    .texts = { row->incident, row->website,
                                                               row->url, row->kind, row->cause } });
}

static void tell(Deeds *d, const DeedRow *row) {
        PqTransaction *group = writer_group(d->options.writer);

        event_put(group, &(EventRow){
                                         .commit_no = writer_commit_no(d->options.writer),
                                         .ordinal = writer_take_ordinal(d->options.writer),
                                         .organisation = row->organisation,
                                         .kind = row->event,
                                         .payload = row->payload,
                         });
        tell_bystanders(d, row);
        d->told = row->revision;
}

static void on_deeds(int r, const DeedRow *rows, size_t n, void *userdata) {
        Deeds *d = userdata;

        d->call = NULL;
        if (r < 0) {
                d->options.failed(r, d->options.userdata);
                return;
        }
        for (size_t i = 0; i < n; i++)
                tell(d, &rows[i]);
        if (n > 0)
                deeds_told(writer_group(d->options.writer), d->told);
        if (d->again || n == DEEDS_PAGE)
                deeds_read(d);
}

void deeds_read(Deeds *d) {
        d->again = d->call != NULL;
        if (d->call)
                return;
        if (deeds_load(d->options.store, d->told, on_deeds, d, &d->call) < 0)
                d->options.failed(-ENOTCONN, d->options.userdata);
}
