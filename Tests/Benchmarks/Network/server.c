// A loopback HTTP/1.1 server that costs nearly nothing: what clients are measured against.
// SPDX-License-Identifier: Apache-2.0
//
//   server EVENTS MEGABYTES     prints its port, and serves until its standard input ends
//
//   POST /block/…   an event stream in HTTP chunks of 64 KiB
//   POST /write/…   one write for each event, the body ends with the connection
//   POST /chunk/…   one write and one HTTP chunk for each event
//   GET  /down      MEGABYTES of body, or N of them as /down/N
//   GET  /idle      the head of a response that never ends
//   POST /up        counts the body
//   GET  /cpu       the seconds of processor time that the server has used
//   GET  /…         a small JSON object
//
// One thread for each connection, everything that is sent made before the first request.

#define _GNU_SOURCE
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BLOCK = 64 * 1024, EVENT = 512, INPUT = 256 * 1024 };

static long events, megabytes;
static char *stream, *blocks, *chunks;
static size_t stream_size, blocks_size;
static size_t *event_sizes, *chunk_sizes;
static char zeros[4 * BLOCK];

static int send_all(int peer, const char *data, size_t size) {
    while (size > 0) {
        ssize_t sent = send(peer, data, size, MSG_NOSIGNAL);
        if (sent <= 0) return -1;
        data += sent;
        size -= (size_t)sent;
    }
    return 0;
}

static int event_text(char *out, long number) {
    if (number == events - 1) return sprintf(out, "data: [DONE]\n\n");
    const char *finish = number == events - 2 ? "\"stop\"" : "null";
    return sprintf(out,
                   "data: {\"id\":\"chatcmpl-D4k2mPq81xZ7vTnB3cYs0wHfLr5g\","
                   "\"object\":\"chat.completion.chunk\",\"created\":1790000000,"
                   "\"model\":\"small-2026-10-01\",\"system_fingerprint\":\"fp_5d21c09e7a\","
                   "\"choices\":[{\"index\":0,\"delta\":{\"content\":\" word%ld\"},"
                   "\"logprobs\":null,\"finish_reason\":%s}]}\n\n",
                   number, finish);
}

static void make_streams(void) {
    stream = malloc((size_t)events * EVENT);
    chunks = malloc((size_t)events * (EVENT + 16));
    event_sizes = calloc((size_t)events, sizeof *event_sizes);
    chunk_sizes = calloc((size_t)events, sizeof *chunk_sizes);
    size_t chunked = 0;
    for (long i = 0; i < events; i++) {
        char *event = stream + stream_size;
        event_sizes[i] = (size_t)event_text(event, i);
        stream_size += event_sizes[i];
        size_t head = (size_t)sprintf(chunks + chunked, "%zx\r\n", event_sizes[i]);
        memcpy(chunks + chunked + head, event, event_sizes[i]);
        memcpy(chunks + chunked + head + event_sizes[i], "\r\n", 2);
        chunk_sizes[i] = head + event_sizes[i] + 2;
        chunked += chunk_sizes[i];
    }
    blocks = malloc(stream_size + (stream_size / BLOCK + 1) * 16 + 16);
    for (size_t at = 0; at < stream_size; at += BLOCK) {
        size_t size = stream_size - at < BLOCK ? stream_size - at : BLOCK;
        blocks_size += (size_t)sprintf(blocks + blocks_size, "%zx\r\n", size);
        memcpy(blocks + blocks_size, stream + at, size);
        blocks_size += size;
        blocks_size += (size_t)sprintf(blocks + blocks_size, "\r\n");
    }
}

#define STREAM "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
#define CHUNKED STREAM "Transfer-Encoding: chunked\r\n\r\n"
#define LAST "0\r\n\r\n"

static int pieces(int peer, const char *data, const size_t *sizes) {
    for (long i = 0; i < events; i++) {
        if (send_all(peer, data, sizes[i])) return -1;
        data += sizes[i];
    }
    return 0;
}

static int document(int peer, const char *body) {
    char answer[512];
    int size = snprintf(answer, sizeof answer,
                        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                        "Content-Length: %zu\r\n\r\n%s",
                        strlen(body), body);
    return send_all(peer, answer, (size_t)size);
}

static int down(int peer, const char *target) {
    char head[256];
    size_t left = (size_t)(*target == '/' ? atol(target + 1) : megabytes) << 20;
    snprintf(head, sizeof head,
             "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n"
             "Content-Length: %zu\r\n\r\n", left);
    if (send_all(peer, head, strlen(head))) return -1;
    while (left > 0) {
        size_t size = left < sizeof zeros ? left : sizeof zeros;
        if (send_all(peer, zeros, size)) return -1;
        left -= size;
    }
    return 0;
}

static int used(int peer) {
    struct rusage use;
    char body[64];
    getrusage(RUSAGE_SELF, &use);
    double seconds = (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
                     (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6;
    snprintf(body, sizeof body, "{\"cpu\":%.6f}", seconds);
    return document(peer, body);
}

// Answers one request; anything but 0 closes the connection.
static int answer(int peer, const char *target, size_t received) {
    char body[64];
    if (!strncmp(target, "/block", 6))
        return send_all(peer, CHUNKED, strlen(CHUNKED)) ||
               send_all(peer, blocks, blocks_size) || send_all(peer, LAST, strlen(LAST));
    if (!strncmp(target, "/chunk", 6))
        return send_all(peer, CHUNKED, strlen(CHUNKED)) || pieces(peer, chunks, chunk_sizes) ||
               send_all(peer, LAST, strlen(LAST));
    if (!strncmp(target, "/write", 6)) {
        const char *head = STREAM "Connection: close\r\n\r\n";
        return send_all(peer, head, strlen(head)) || pieces(peer, stream, event_sizes) || 1;
    }
    if (!strncmp(target, "/down", 5)) return down(peer, target + 5);
    // The connection is read again, and so closed by its client.
    if (!strncmp(target, "/idle", 5)) return send_all(peer, CHUNKED, strlen(CHUNKED));
    if (!strncmp(target, "/cpu", 4)) return used(peer);
    if (strncmp(target, "/up", 3))
        return document(peer, "{\"id\":\"small-1\",\"object\":\"model\",\"created\":1790000000,"
                              "\"owned_by\":\"nobody\",\"permission\":[],\"ready\":true}");
    snprintf(body, sizeof body, "{\"received\":%zu}", received);
    return document(peer, body);
}

struct input {
    int peer;
    size_t at, end;
    char data[INPUT + 1];
};

static int more(struct input *in) {
    if (in->at == in->end) in->at = in->end = 0;
    if (in->at > 0 && in->end == INPUT) {
        memmove(in->data, in->data + in->at, in->end - in->at);
        in->end -= in->at;
        in->at = 0;
    }
    if (in->end == INPUT) return -1;
    ssize_t got = recv(in->peer, in->data + in->end, INPUT - in->end, 0);
    if (got <= 0) return -1;
    in->end += (size_t)got;
    in->data[in->end] = 0;
    return 0;
}

// Returns the next line, ended by a zero, or NULL at the end of the connection.
static char *line(struct input *in) {
    size_t looked = 0;
    while (1) {
        char *start = in->data + in->at;
        char *end = memchr(start + looked, '\n', in->end - in->at - looked);
        if (end) {
            in->at += (size_t)(end - start) + 1;
            *end = 0;
            if (end > start && end[-1] == '\r') end[-1] = 0;
            return start;
        }
        looked = in->end - in->at;
        if (more(in)) return NULL;
    }
}

static int skip(struct input *in, size_t size) {
    while (1) {
        size_t here = in->end - in->at;
        if (here >= size) {
            in->at += size;
            return 0;
        }
        size -= here;
        in->at = in->end;
        if (more(in)) return -1;
    }
}

// Reads one request whole; the body's size goes to `received`.
static int request(struct input *in, char *target, size_t *received) {
    char *text = line(in);
    if (!text || sscanf(text, "%*s %255s", target) != 1) return -1;
    size_t length = 0;
    int chunked = 0;
    while ((text = line(in)) && *text) {
        if (!strncasecmp(text, "content-length:", 15)) length = strtoul(text + 15, NULL, 10);
        if (!strncasecmp(text, "transfer-encoding:", 18)) chunked = 1;
        if (!strncasecmp(text, "expect:", 7) &&
            send_all(in->peer, "HTTP/1.1 100 Continue\r\n\r\n", 25))
            return -1;
    }
    if (!text) return -1;
    *received = length;
    if (!chunked) return skip(in, length);
    for (*received = 0; (text = line(in)); *received += length) {
        length = strtoul(text, NULL, 16);
        if (skip(in, length) || !line(in)) return -1;
        if (length == 0) return 0;
    }
    return -1;
}

static void *serve(void *argument) {
    struct input *in = argument;
    char target[256];
    size_t received;
    while (!request(in, target, &received) && !answer(in->peer, target, received)) {
    }
    close(in->peer);
    free(in);
    return NULL;
}

static void *accept_all(void *argument) {
    int listener = *(int *)argument, yes = 1;
    pthread_attr_t small;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 64 * 1024);
    pthread_attr_setdetachstate(&small, PTHREAD_CREATE_DETACHED);
    while (1) {
        int peer = accept(listener, NULL, NULL);
        if (peer < 0) continue;
        setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        struct input *in = malloc(sizeof *in);
        in->peer = peer;
        in->at = in->end = 0;
        pthread_t thread;
        if (pthread_create(&thread, &small, serve, in)) {
            close(peer);
            free(in);
        }
    }
    return NULL;
}

int main(int count, char **arguments) {
    events = count > 1 ? atol(arguments[1]) : 20000;
    megabytes = count > 2 ? atol(arguments[2]) : 200;
    signal(SIGPIPE, SIG_IGN);
    make_streams();
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&address, size) || listen(listener, 4096) ||
        getsockname(listener, (struct sockaddr *)&address, &size)) {
        perror("server: no port on loopback");
        return 1;
    }
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    pthread_t thread;
    pthread_create(&thread, NULL, accept_all, &listener);
    char ignored;
    while (read(0, &ignored, 1) > 0) {
    }
    return 0;
}
