/* Recordings. Each kind of file is an entry of a table, found by the name's ending: how it is opened, takes a picture,
 * and ends.
 *
 * Films are made by the program ffmpeg, which reads the pictures from a socket: writing to one whose reader has died is
 * an error, and no SIGPIPE. It writes beside the film, which gets its name when ffmpeg has ended well. */
#include "watch/recorder.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/io.h"
#include "watch/module.h"

extern char **environ;

enum {
    SHORTEST = 2,
    NAME_EXTRA = 32
}; /* delay that GIF viewers respect, in hundredths of a second; room beside a name */

typedef struct {
    const char *ending;
    bm_status (*open)(bm_recorder *recorder, bm_error *error);
    bm_status (*frame)(bm_recorder *recorder, const uint32_t *pixels, bm_error *error);
    bm_status (*close)(bm_recorder *recorder, bool keep,
                       bm_error *error); /* also after open has failed, with keep false */
} recorder_kind;

struct bm_recorder {
    const recorder_kind *kind;
    const bm_render_module *module;
    char *path, *name; /* name: room for a name made from path */
    size_t name_bytes;
    int width, height;
    size_t pixels;
    double frames_per_second;
    int64_t frames, bytes;
    bool failed;
    bm_error failure; /* the first */
    uint32_t *held;   /* [height, width] the last picture */
    bm_gif *gif;
    int64_t held_since; /* hundredths of a second */
    pid_t ffmpeg;       /* 0: none */
    int socket;         /* its standard input; -1: none */
    FILE *said;         /* its standard error */
};

static void hold(bm_recorder *r, const uint32_t *pixels) {
    memcpy(r->held, pixels, r->pixels * sizeof *pixels);
}

static void add_size(bm_recorder *r, const char *path) {
    struct stat status;
    r->bytes += stat(path, &status) == 0 ? (int64_t)status.st_size : 0;
}

/* Whether a file of that name can be made. */
static bm_status try_path(const char *path, bm_error *error) {
    struct stat found;
    if (stat(path, &found) == 0 && S_ISDIR(found.st_mode)) {
        return bm_fail(error, "cannot write %s: %s", path, strerror(EISDIR));
    }
    bm_writer *writer;
    const bm_status status = bm_writer_open(&writer, path, error);
    if (status == BM_OK) {
        bm_writer_abandon(writer);
    }
    return status;
}

/* ---- .gif ------------------------------------------------------------------------------------------------------- */

static bm_status gif_open(bm_recorder *r, bm_error *error) {
    bm_status status = bm_render_gif_module(&r->module, error);
    if (status == BM_OK) {
        status = try_path(r->path, error);
    }
    return status == BM_OK ? r->module->gif_open(&r->gif, r->path, r->width, r->height, error) : status;
}

/* Rounded from the start, so that rounding never adds up. */
static int64_t hundredths(const bm_recorder *r) {
    return (int64_t)llround(100.0 * (double)r->frames / r->frames_per_second);
}

/* A picture is written when its time is over. One that comes too soon takes the last one's place: the final one is
 * always seen. */
static bm_status gif_frame(bm_recorder *r, const uint32_t *pixels, bm_error *error) {
    const int64_t now = hundredths(r);
    bm_status status = BM_OK;
    if (r->frames > 0 && now - r->held_since >= SHORTEST) {
        status = r->module->gif_frame(r->gif, r->held, (int)(now - r->held_since), error);
        r->held_since = now;
    }
    hold(r, pixels);
    return status;
}

static bm_status gif_close(bm_recorder *r, bool keep, bm_error *error) {
    if (!r->gif) {
        return BM_OK;
    }
    bm_status status = BM_OK;
    if (keep) {
        const int64_t left = hundredths(r) - r->held_since;
        status = r->module->gif_frame(r->gif, r->held, (int)(left > SHORTEST ? left : SHORTEST), error);
    }
    const bm_status closed = r->module->gif_close(r->gif, status == BM_OK ? error : NULL);
    add_size(r, r->path);
    return status == BM_OK ? closed : status;
}

/* ---- .png ------------------------------------------------------------------------------------------------------- */

/* The name of a numbered picture. False unless the pattern has one conversion, %d or %0Nd, and no other percent
 * sign. */
static bool numbered_name(const char *pattern, int64_t number, char *name, size_t bytes) {
    const char *percent = strchr(pattern, '%');
    const char *digits = percent + 1, *end = digits + strspn(digits, "0123456789");
    const bool padded = *digits == '0' && end - digits >= 2 && end - digits <= 3;
    const long width = padded ? strtol(digits, NULL, 10) : 0;
    if ((end != digits && !padded) || *end != 'd' || strchr(end, '%') || width > 20 || (padded && width < 1)) {
        return false;
    }
    snprintf(name, bytes, "%.*s%0*lld%s", (int)(percent - pattern), pattern, (int)width, (long long)number, end + 1);
    return true;
}

static bool is_numbered(const bm_recorder *r) {
    return strchr(r->path, '%') != NULL;
}

static bm_status png_open(bm_recorder *r, bm_error *error) {
    if (is_numbered(r) && !numbered_name(r->path, 0, r->name, r->name_bytes)) {
        return bm_invalid(error, "record=%s: numbered pictures have one %%d or %%05d in their name", r->path);
    }
    const bm_status status = bm_render_png_module(&r->module, error);
    return status == BM_OK ? try_path(is_numbered(r) ? r->name : r->path, error) : status;
}

static bm_status png_frame(bm_recorder *r, const uint32_t *pixels, bm_error *error) {
    if (!is_numbered(r)) {
        hold(r, pixels);
        return BM_OK;
    }
    numbered_name(r->path, r->frames, r->name, r->name_bytes);
    const bm_status status = r->module->png_write(r->name, pixels, r->width, r->height, error);
    if (status == BM_OK) {
        add_size(r, r->name);
    }
    return status;
}

static bm_status png_close(bm_recorder *r, bool keep, bm_error *error) {
    if (!keep || is_numbered(r)) {
        return BM_OK;
    }
    const bm_status status = r->module->png_write(r->path, r->held, r->width, r->height, error);
    add_size(r, r->path);
    return status;
}

/* ---- .mp4 ------------------------------------------------------------------------------------------------------- */

/* In a process group of its own: Ctrl-C ends the program in order, and the film with it. 0 or errno. */
static int spawn_ffmpeg(bm_recorder *r, int input, char *const *arguments) {
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none;
    sigemptyset(&none);
    if (posix_spawn_file_actions_init(&files) != 0) {
        return ENOMEM;
    }
    if (posix_spawnattr_init(&attributes) != 0) {
        posix_spawn_file_actions_destroy(&files);
        return ENOMEM;
    }
    int failure = posix_spawn_file_actions_adddup2(&files, input, 0);
    failure = failure ? failure : posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
    failure = failure ? failure : posix_spawn_file_actions_adddup2(&files, fileno(r->said), 2);
    failure = failure ? failure : posix_spawnattr_setpgroup(&attributes, 0);
    failure = failure ? failure : posix_spawnattr_setsigmask(&attributes, &none);
    failure = failure ? failure : posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
    failure = failure ? failure : posix_spawnp(&r->ffmpeg, arguments[0], &files, &attributes, arguments, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    r->ffmpeg = failure ? 0 : r->ffmpeg;
    return failure;
}

static int start_ffmpeg(bm_recorder *r) { /* 0 or errno */
    char size[32], rate[32];
    snprintf(size, sizeof size, "%dx%d", r->width, r->height);
    snprintf(rate, sizeof rate, "%.10g", r->frames_per_second);
    snprintf(r->name, r->name_bytes, "file:%s.tmp",
             r->path); /* with file: no name is taken for an option or an address */
    /* rgb32: 0xffRRGGBB in the machine's own byte order. Players want yuv420p, which wants even sizes. */
    /* clang-format off */
    const char *const arguments[] = {
        "ffmpeg", "-hide_banner", "-loglevel", "error", "-xerror", "-nostdin", "-y",
        "-f", "rawvideo", "-pixel_format", "rgb32", "-video_size", size, "-framerate", rate, "-i", "pipe:0",
        "-vf", "pad=ceil(iw/2)*2:ceil(ih/2)*2:0:0:white,format=yuv420p",
        "-movflags", "+faststart", "-f", "mp4", r->name, NULL,
    };
    /* clang-format on */
    int ends[2];
    r->said = tmpfile();
    if (!r->said || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        return errno;
    }
    r->socket = ends[0];
    char *copied[sizeof arguments /
                 sizeof arguments[0]]; /* posix_spawn promises not to change them, but its type does not */
    memcpy(copied, arguments, sizeof copied);
    const int failure = spawn_ffmpeg(r, ends[1], copied);
    close(ends[1]);
    return failure;
}

static bm_status film_open(bm_recorder *r, bm_error *error) {
    const bm_status status = try_path(r->path, error);
    if (status != BM_OK) {
        return status;
    }
    const int failure = start_ffmpeg(r);
    if (failure == ENOENT || failure == EACCES) {
        return bm_fail(error, "recording .mp4 needs the program ffmpeg, which is not here; .gif works without");
    }
    return failure ? bm_fail(error, "cannot start ffmpeg for %s: %s", r->path, strerror(failure)) : BM_OK;
}

/* Waits for ffmpeg; its first complaint, or how it ended, goes to the sentence. */
static bm_status end_ffmpeg(bm_recorder *r, bm_error *error) {
    int status = 0;
    close(r->socket); /* the end of the film */
    r->socket = -1;
    pid_t ended;
    while ((ended = waitpid(r->ffmpeg, &status, 0)) < 0 && errno == EINTR) {
    }
    r->ffmpeg = 0;
    char line[256] = "";
    rewind(r->said);
    const bool complained = fgetc(r->said) != EOF; /* some errors leave the exit status 0 */
    if (ended >= 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0 && !complained) {
        return BM_OK;
    }
    rewind(r->said);
    if (fgets(line, sizeof line, r->said)) {
        line[strcspn(line, "\n")] = '\0';
    }
    return bm_fail(error, "ffmpeg could not record %s: %s", r->path, *line ? line : "it ended without saying why");
}

static bm_status film_frame(bm_recorder *r, const uint32_t *pixels, bm_error *error) {
    const char *bytes = (const char *)pixels;
    for (size_t left = r->pixels * sizeof *pixels; left > 0;) {
        const ssize_t sent = send(r->socket, bytes, left, MSG_NOSIGNAL);
        if (sent < 0 && errno != EINTR) {
            const int failure = errno;
            const bm_status status = end_ffmpeg(r, error);
            return status != BM_OK ? status
                                   : bm_fail(error, "ffmpeg could not record %s: %s", r->path, strerror(failure));
        }
        bytes += sent > 0 ? sent : 0;
        left -= sent > 0 ? (size_t)sent : 0;
    }
    return BM_OK;
}

static bm_status take_place(const char *temporary, const char *path, bm_error *error) {
    const int file = open(temporary, O_RDONLY | O_CLOEXEC);
    int failure = file < 0 || fsync(file) != 0 ? errno : 0;
    if (file >= 0) {
        close(file);
    }
    if (!failure && rename(temporary, path) != 0) {
        failure = errno;
    }
    return failure ? bm_fail(error, "cannot write %s: %s", path, strerror(failure)) : BM_OK;
}

static bm_status film_close(bm_recorder *r, bool keep, bm_error *error) {
    bm_status status = r->ffmpeg ? end_ffmpeg(r, keep ? error : NULL) : BM_OK;
    if (r->socket >= 0) {
        close(r->socket);
    }
    if (r->said) {
        fclose(r->said);
    }
    snprintf(r->name, r->name_bytes, "%s.tmp", r->path);
    if (keep && status == BM_OK) {
        status = take_place(r->name, r->path, error);
    }
    if (!keep || status != BM_OK) {
        unlink(r->name);
    }
    add_size(r, r->path);
    return status;
}

/* ---- what others call ------------------------------------------------------------------------------------------- */

static const recorder_kind kinds[] = {
    {".gif", gif_open, gif_frame, gif_close},
    {".png", png_open, png_frame, png_close},
    {".mp4", film_open, film_frame, film_close},
};

static const recorder_kind *find_kind(const char *path) { /* NULL: none */
    const size_t length = strlen(path);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        const size_t ending = strlen(kinds[i].ending);
        if (length > ending && strcmp(path + length - ending, kinds[i].ending) == 0 &&
            path[length - ending - 1] != '/') {
            return &kinds[i];
        }
    }
    return NULL;
}

static void free_recorder(bm_recorder *r) {
    free(r->held);
    free(r->name);
    free(r->path);
    free(r);
}

bm_status bm_recorder_open(bm_recorder **recorder, const char *path, int width, int height, double frames_per_second,
                           bm_error *error) {
    *recorder = NULL;
    const recorder_kind *kind = find_kind(path);
    if (!kind) {
        return bm_invalid(error, "record=%s: endings are .gif, .png and .mp4", path);
    }
    if (width < 1 || height < 1 || width > 65535 || height > 65535) {
        return bm_invalid(error, "record=%s: pictures of %d x %d pixels", path, width, height);
    }
    if (!(frames_per_second >= 0.01 && frames_per_second <= 1000)) {
        return bm_invalid(error, "record=%s: %g frames per second outside [0.01, 1000]", path, frames_per_second);
    }
    bm_recorder *r = calloc(1, sizeof *r);
    if (!r) {
        return bm_fail(error, "cannot record %s: not enough memory", path);
    }
    r->kind = kind;
    r->width = width;
    r->height = height;
    r->pixels = (size_t)width * (size_t)height;
    r->frames_per_second = frames_per_second;
    r->socket = -1;
    r->name_bytes = strlen(path) + NAME_EXTRA;
    r->path = strdup(path);
    r->name = malloc(r->name_bytes);
    r->held = malloc(r->pixels * sizeof *r->held);
    if (!r->path || !r->name || !r->held) {
        free_recorder(r);
        return bm_fail(error, "cannot record %s: not enough memory", path);
    }
    const bm_status status = kind->open(r, error);
    if (status != BM_OK) {
        kind->close(r, false, NULL);
        free_recorder(r);
        return status;
    }
    *recorder = r;
    return BM_OK;
}

bm_status bm_recorder_frame(bm_recorder *recorder, const uint32_t *pixels, bm_error *error) {
    if (!recorder->failed) {
        recorder->failed = recorder->kind->frame(recorder, pixels, &recorder->failure) != BM_OK;
        recorder->frames++;
    }
    return recorder->failed ? bm_fail(error, "%s", recorder->failure.text) : BM_OK;
}

bm_status bm_recorder_close(bm_recorder *recorder, int64_t *bytes, bm_error *error) {
    if (!recorder) {
        return BM_OK;
    }
    if (!recorder->failed && recorder->frames == 0) {
        recorder->failed = true;
        bm_fail(&recorder->failure, "cannot write %s: there was no picture to record", recorder->path);
    }
    bm_status status = recorder->kind->close(recorder, !recorder->failed, recorder->failed ? NULL : error);
    if (recorder->failed) {
        status = bm_fail(error, "%s", recorder->failure.text);
    }
    if (bytes) {
        *bytes = status == BM_OK ? recorder->bytes : 0;
    }
    free_recorder(recorder);
    return status;
}
