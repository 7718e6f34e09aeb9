/* The mouse in a window, on a display of its own (Xvfb) where xdotool plays the person. Without them, or without SDL,
 * nothing can be tested here. */
#include <signal.h>
#include <sys/wait.h>

#include "decode.h"
#include "watch/module.h"

enum { WIDTH = 200, HEIGHT = 150, LEFT = 100, TOP = 80, MOST = 64 };

/* What the libraries below SDL keep to themselves is not ours to free; the sanitizers ask for this by name. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) {
    return "leak:libdbus";
}

typedef struct {
    const bm_render_module *module;
    bm_window *window;
    bm_event mouse[MOST]; /* what the mouse did */
    int count;
} person;

static bool has_display(void) {
    const char *display = getenv("DISPLAY");
    return display && *display;
}

static bool has_window(void) {
    const bm_render_module *module;
    bm_error error;
    use_built_module();
    return bm_render_window_module(&module, &error) == BM_OK;
}
#define NEEDS_DISPLAY                                                                                                  \
    if (!has_display() || !has_window())                                                                               \
    return

/* Shows a picture as large as the window is. */
static void show(person *p) {
    bm_error error;
    int width, height;
    p->module->window_size(p->window, &width, &height);
    uint32_t *pixels = calloc((size_t)width * (size_t)height, sizeof *pixels);
    ck_assert_ptr_nonnull(pixels);
    ck_assert_int_eq(p->module->window_show(p->window, pixels, width, height, &error), BM_OK);
    free(pixels);
}

/* xdotool's commands, places counted from the screen's top left corner; then what the window says they were, which is
 * looked at after the last of them. A key marks the end: after it there is nothing to wait for. */
static void act(person *p, const char *commands) {
    char line[1024];
    const int bytes = snprintf(line, sizeof line, "xdotool %s key z getmouselocation >/dev/null", commands);
    ck_assert_int_lt(bytes, (int)sizeof line);
    ck_assert_msg(system(line) == 0, "failed: %s", line);
    p->count = 0;
    for (bm_event event;;) {
        ck_assert_msg(p->module->window_event(p->window, 20000, &event), "nothing came of: %s", line);
        ck_assert_int_ne(event.kind, BM_EVENT_CLOSE);
        if (event.kind == BM_EVENT_REDRAW) {
            show(p);
        } else if (event.kind != BM_EVENT_KEY) {
            ck_assert_int_lt(p->count, MOST);
            p->mouse[p->count++] = event;
        } else if (strcmp(event.key, "z") == 0 && !event.down) {
            return;
        }
    }
}

/* A window whose picture begins LEFT, TOP on the screen, the mouse in a corner far from it. */
static person begin(void) {
    person p = {0};
    bm_error error;
    ck_assert_int_eq(bm_render_window_module(&p.module, &error), BM_OK);
    ck_assert_msg(p.module->window_open(&p.window, "mouse", WIDTH, HEIGHT, &error) == BM_OK, "%s", error.text);
    show(&p);
    char commands[128];
    snprintf(commands, sizeof commands, "search --sync --name '^mouse$' windowmove --sync %d %d mousemove 630 470",
             LEFT, TOP);
    act(&p, commands);
    return p;
}

static void end(person *p) {
    p->module->window_close(p->window);
}

static void assert_event(const person *p, int i, bm_event want) {
    ck_assert_msg(i < p->count, "%d events, not more than %d", p->count, i);
    const bm_event got = p->mouse[i];
    ck_assert_msg(got.kind == want.kind && got.x == want.x && got.y == want.y && got.button == want.button &&
                      got.wheel == want.wheel,
                  "event %d: kind %d at %d, %d, button %d, wheel %d; not kind %d at %d, %d, button %d, wheel %d", i,
                  (int)got.kind, got.x, got.y, got.button, got.wheel, (int)want.kind, want.x, want.y, want.button,
                  want.wheel);
}

static bm_event mouse(bm_event_kind kind, int x, int y, int button) {
    return (bm_event){.kind = kind, .x = x, .y = y, .button = button};
}

START_TEST(click_tells_the_pixel_and_the_button) {
    NEEDS_DISPLAY;
    person p = begin();
    act(&p, "mousemove 100 80 click 1 mousemove 299 229 click 2 mousemove 150 100 click 3");
    const int x[] = {0, WIDTH - 1, 50}, y[] = {0, HEIGHT - 1, 20};
    for (int i = 0; i < 3; i++) {
        assert_event(&p, 3 * i, mouse(BM_EVENT_MOTION, x[i], y[i], 0));
        assert_event(&p, 3 * i + 1, mouse(BM_EVENT_PRESS, x[i], y[i], i + 1));
        assert_event(&p, 3 * i + 2, mouse(BM_EVENT_RELEASE, x[i], y[i], i + 1));
    }
    ck_assert_int_eq(p.count, 9);
    end(&p);
}
END_TEST

START_TEST(of_several_motions_the_newest_is_told) {
    NEEDS_DISPLAY;
    person p = begin();
    act(&p, "mousemove 110 90 mousemove 120 100 mousemove 130 110 mousemove 140 120 mousemove 150 131");
    assert_event(&p, 0, mouse(BM_EVENT_MOTION, 50, 51, 0));
    ck_assert_int_eq(p.count, 1);
    end(&p);
}
END_TEST

START_TEST(motions_do_not_overtake_buttons) {
    NEEDS_DISPLAY;
    person p = begin();
    act(&p,
        "mousemove 105 85 mousemove 110 90 mousedown 1 mousemove 120 100 mousemove 130 110 mouseup 1 mousemove 140 120 "
        "mousemove 150 130");
    assert_event(&p, 0, mouse(BM_EVENT_MOTION, 10, 10, 0));
    assert_event(&p, 1, mouse(BM_EVENT_PRESS, 10, 10, 1));
    assert_event(&p, 2, mouse(BM_EVENT_MOTION, 30, 30, 1));
    assert_event(&p, 3, mouse(BM_EVENT_RELEASE, 30, 30, 1));
    assert_event(&p, 4, mouse(BM_EVENT_MOTION, 50, 50, 0));
    ck_assert_int_eq(p.count, 5);
    end(&p);
}
END_TEST

START_TEST(drag_goes_on_outside_of_the_window) {
    NEEDS_DISPLAY;
    person p = begin();
    act(&p, "mousemove 200 150 mousedown 3");
    act(&p, "mousemove 600 400");
    assert_event(&p, 0, mouse(BM_EVENT_MOTION, 600 - LEFT, 400 - TOP, 3));
    ck_assert_int_eq(p.count, 1);
    act(&p, "mousemove 20 10 mouseup 3");
    assert_event(&p, 0, mouse(BM_EVENT_MOTION, 20 - LEFT, 10 - TOP, 3));
    assert_event(&p, 1, mouse(BM_EVENT_RELEASE, 20 - LEFT, 10 - TOP, 3));
    ck_assert_int_eq(p.count, 2);
    act(&p, "mousemove 40 30");
    ck_assert_msg(p.count == 0, "motions outside are nobody's business without a button");
    end(&p);
}
END_TEST

START_TEST(one_of_two_buttons_coming_up_does_not_end_the_drag_of_the_other) {
    NEEDS_DISPLAY;
    person p = begin();
    act(&p, "mousemove 200 150 mousedown 1 mousedown 3 mousemove 201 150 mouseup 1");
    assert_event(&p, 3, mouse(BM_EVENT_MOTION, 101, 70, 1));
    assert_event(&p, 4, mouse(BM_EVENT_RELEASE, 101, 70, 1));
    act(&p, "mousemove 20 10 mouseup 3");
    assert_event(&p, 0, mouse(BM_EVENT_MOTION, 20 - LEFT, 10 - TOP, 3));
    assert_event(&p, 1, mouse(BM_EVENT_RELEASE, 20 - LEFT, 10 - TOP, 3));
    ck_assert_int_eq(p.count, 2);
    end(&p);
}
END_TEST

START_TEST(wheel_tells_steps_and_where_the_mouse_is) {
    NEEDS_DISPLAY;
    person p = begin();
    act(&p, "mousemove 111 92 click 4 mousemove 113 94 click 5");
    const bm_event up = {.kind = BM_EVENT_WHEEL, .x = 11, .y = 12, .wheel = 1};
    const bm_event down = {.kind = BM_EVENT_WHEEL, .x = 13, .y = 14, .wheel = -1};
    assert_event(&p, 1, up);
    assert_event(&p, 3, down);
    ck_assert_int_eq(p.count, 4);
    end(&p);
}
END_TEST

START_TEST(buttons_beyond_three_are_not_told) {
    NEEDS_DISPLAY;
    person p = begin();
    act(&p, "mousemove 111 92 click 8 click 9");
    ck_assert_int_eq(p.count, 1);
    end(&p);
}
END_TEST

START_TEST(pixels_are_those_of_the_picture_after_a_change_of_size) {
    NEEDS_DISPLAY;
    person p = begin();
    act(&p, "search --name '^mouse$' windowsize --sync 401 303");
    int width, height;
    p.module->window_size(p.window, &width, &height);
    ck_assert_int_eq(width, 401);
    ck_assert_int_eq(height, 303);
    act(&p, "mousemove 500 382 click 1");
    assert_event(&p, 1, mouse(BM_EVENT_PRESS, 400, 302, 1));
    end(&p);
}
END_TEST

/* A display with nothing else on it, named by DISPLAY; 0: none, and DISPLAY is empty. */
static pid_t start_display(void) {
    char number[16] = "";
    int ends[2];
    if (setenv("DISPLAY", "", 1) != 0 || unsetenv("WAYLAND_DISPLAY") != 0 || unsetenv("SDL_VIDEODRIVER") != 0 ||
        system("command -v Xvfb >/dev/null && command -v xdotool >/dev/null") != 0 || pipe(ends) != 0) {
        return 0;
    }
    const pid_t server = fork();
    if (server == 0) {
        char descriptor[16];
        snprintf(descriptor, sizeof descriptor, "%d", ends[1]);
        if (freopen("/dev/null", "w", stderr)) {
            execlp("Xvfb", "Xvfb", "-displayfd", descriptor, "-screen", "0", "640x480x24", (char *)NULL);
        }
        _exit(127);
    }
    close(ends[1]);
    for (size_t used = 0; used + 1 < sizeof number && !strchr(number, '\n');) { /* it says so when it is ready */
        const ssize_t bytes = read(ends[0], number + used, sizeof number - 1 - used);
        if (bytes <= 0) {
            break;
        }
        used += (size_t)bytes;
        number[used] = '\0';
    }
    close(ends[0]);
    char display[32];
    snprintf(display, sizeof display, ":%.*s", (int)strcspn(number, "\n"), number);
    setenv("DISPLAY", display, 1);
    return server;
}

int main(void) {
    const TTest *const tests[] = {
        click_tells_the_pixel_and_the_button,
        of_several_motions_the_newest_is_told,
        motions_do_not_overtake_buttons,
        drag_goes_on_outside_of_the_window,
        one_of_two_buttons_coming_up_does_not_end_the_drag_of_the_other,
        wheel_tells_steps_and_where_the_mouse_is,
        buttons_beyond_three_are_not_told,
        pixels_are_those_of_the_picture_after_a_change_of_size,
    };
    setenv("SDL_MOUSE_AUTO_CAPTURE", "0",
           1); /* SDL before 2.22 has none: what it does later must not hide what we forget */
    const pid_t server = start_display();
    if (server <= 0) {
        printf("Xvfb or xdotool is not installed: the mouse is not tested\n");
    }
    const int status = test_main("window", tests, sizeof tests / sizeof tests[0], 60);
    if (server > 0 && kill(server, SIGTERM) == 0) {
        waitpid(server, NULL, 0);
    }
    return status;
}
