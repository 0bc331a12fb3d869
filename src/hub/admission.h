/* From a genuine join to a welcome: who may take part, where its streams stand. */
#pragma once

#include "base/macro.h"
#include "hub/acks.h"
#include "hub/registry.h"
#include "hub/session.h"
#include "hub/writer.h"

typedef struct Admission Admission;

typedef struct AdmissionOptions {
        Store *store; /* borrowed, as all here */
        const SignKey *key;
        const PublicKey *network;
        const HubClock *clock;
        Registry *registry;
        Writer *writer;
        Acks *acks;
        FrameWindow window;
        bool open; /* strangers are approved at once; else only loopback peers are */
        /* It is welcomed and in the registry; again: its former connection, which was told of, was
         * taken over. */
        void (*joined)(Validator *v, bool again, void *userdata);
        void *userdata;
} AdmissionOptions;

int admission_new(Admission **ret, const AdmissionOptions *options);
/* Joins under way are forgotten, their sessions stay. */
Admission *admission_free(Admission *a);
DEFINE_FREEP(Admission, admission_free);

/* join is borrowed for the call. */
void admission_join(Admission *a, Session *s, const FrameJoin *join);
/* The session goes: a join under way is forgotten. */
void admission_cancel(Admission *a, const Session *s);
