/* A window by SDL2, drawn by software: the picture is copied into the window's own surface, nothing needs a graphics
 * driver.
 *
 * A window must never end the program that trains behind it. SDL's signal handlers stay off, what SDL prints is
 * dropped, only drivers that somebody sees are tried, and when the X server goes away (ssh ended, the window was
 * killed) the window counts as closed, where Xlib would call exit. */
#include "render/parts.h"

#ifdef BM_SDL

#include <SDL.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__has_include) && defined(SDL_VIDEO_DRIVER_X11)
#if __has_include(<X11/Xlib.h>)
#define HAVE_XLIB 1
#include <SDL_syswm.h>
#include <X11/Xlib.h>
#endif
#endif

struct bm_window {
    SDL_Window *window;
    bool lost; /* the display is gone */
    /* By scancode, what a key typed when it went down: it goes up under the same name. */
    char held[SDL_NUM_SCANCODES][BM_KEY_NAME];
    double scale_x, scale_y; /* pixels in one unit of the mouse's place */
    int mouse_x, mouse_y;    /* where it was last, in pixels */
    unsigned buttons;        /* those down, a bit each: SDL_BUTTON(1) .. SDL_BUTTON(3) */
};

/* ---- opening ---------------------------------------------------------------------------------------------------- */

static void drop_message(void *self, int category, SDL_LogPriority priority, const char *message) {
    (void)self, (void)category, (void)priority, (void)message;
}

/* Without a driver named by the user SDL would go on to ones that take over the console, or that nobody sees. */
static bool start_video(char *reason, size_t bytes) {
    static const struct {
        const char *driver, *variable, *also; /* environment variables that say that such a display is there */
    } displays[] = {{"x11", "DISPLAY", "DISPLAY"}, {"wayland", "WAYLAND_DISPLAY", "XDG_RUNTIME_DIR"}};
    const char *chosen = getenv("SDL_VIDEODRIVER");
    if (chosen && *chosen) {
        const bool started = SDL_InitSubSystem(SDL_INIT_VIDEO) == 0;
        snprintf(reason, bytes, "%s (SDL_VIDEODRIVER=%s)", SDL_GetError(), chosen);
        return started;
    }
    snprintf(reason, bytes, "neither DISPLAY nor WAYLAND_DISPLAY is set");
    for (size_t i = 0; i < sizeof displays / sizeof displays[0]; i++) {
        const char *where = getenv(displays[i].variable);
        if (!where || !*where || !getenv(displays[i].also)) {
            continue;
        }
        SDL_SetHint(SDL_HINT_VIDEODRIVER, displays[i].driver);
        if (SDL_InitSubSystem(SDL_INIT_VIDEO) == 0) {
            return true;
        }
        snprintf(reason, bytes, "%s (%s=%s)", SDL_GetError(), displays[i].variable, where);
    }
    return false;
}

#ifdef HAVE_XLIB
static int ignore_protocol_error(Display *display, XErrorEvent *event) {
    (void)display, (void)event;
    return 0;
}

static int ignore_lost_display(Display *display) {
    (void)display;
    return 0;
}

static void note_lost_display(Display *display, void *window) {
    (void)display;
    ((bm_window *)window)->lost = true;
}

/* A function of libX11, which SDL loads itself; never unloaded here. NULL where it is missing. */
static void *xlib_function(const char *name) {
    void *library = SDL_LoadObject("libX11.so.6");
    return library ? SDL_LoadFunction(library, name) : NULL;
}

/* Xlib's own handlers print and exit. Set before SDL begins: it gives back the ones it found when it ends, and ends its
 * connections after that. */
static void survive_protocol_errors(void) {
    XErrorHandler (*set_error)(XErrorHandler);
    void *const found = xlib_function("XSetErrorHandler");
    if (found) {
        memcpy(&set_error, &found, sizeof set_error); /* ISO C casts no object pointer to a function's */
        set_error(ignore_protocol_error);
    }
}

/* XSetIOErrorExitHandler came with libX11 1.7 (2020): looked up, not linked. */
static void survive_lost_display(bm_window *window) {
    SDL_SysWMinfo info;
    SDL_VERSION(&info.version);
    if (!SDL_GetWindowWMInfo(window->window, &info) || info.subsystem != SDL_SYSWM_X11) {
        return;
    }
    survive_protocol_errors();
    XIOErrorHandler (*set_io_error)(XIOErrorHandler);
    void (*set_exit)(Display *, void (*)(Display *, void *), void *);
    void *const found[] = {xlib_function("XSetIOErrorHandler"), xlib_function("XSetIOErrorExitHandler")};
    if (found[0] && found[1]) {
        memcpy(&set_io_error, &found[0], sizeof set_io_error);
        memcpy(&set_exit, &found[1], sizeof set_exit);
        set_io_error(ignore_lost_display);
        set_exit(info.info.x11.display, note_lost_display, window);
    }
}
#else
static void survive_protocol_errors(void) {
}

static void survive_lost_display(bm_window *window) {
    (void)window;
}
#endif

/* SDL tells sizes and the mouse's place in units of the desktop, which may be larger than pixels. */
static void measure_pixels(bm_window *window, const SDL_Surface *surface) {
    int width, height;
    SDL_GetWindowSize(window->window, &width, &height);
    window->scale_x = width > 0 ? (double)surface->w / width : 1;
    window->scale_y = height > 0 ? (double)surface->h / height : 1;
}

bm_status bm_window_open(bm_window **window, const char *title, int width, int height, bm_error *error) {
    *window = NULL;
    if (width < 1 || height < 1) {
        return bm_invalid(error, "cannot open a window of %d x %d pixels", width, height);
    }
    if (SDL_WasInit(SDL_INIT_VIDEO)) {
        return bm_fail(error, "cannot open a window: one is open already, or its display is gone");
    }
    bm_window *opened = calloc(1, sizeof *opened);
    if (!opened) {
        return bm_fail(error, "not enough memory for a window");
    }
    SDL_LogSetOutputFunction(drop_message, NULL);
    SDL_SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1");
    SDL_SetHint(SDL_HINT_VIDEO_ALLOW_SCREENSAVER, "1");
    SDL_SetHint(SDL_HINT_FRAMEBUFFER_ACCELERATION, "0");
    SDL_SetHint(SDL_HINT_VIDEO_X11_NET_WM_BYPASS_COMPOSITOR, "0");
    SDL_SetHint(SDL_HINT_MOUSE_FOCUS_CLICKTHROUGH, "1"); /* else the click that also raises the window is lost */
    char reason[256];
    survive_protocol_errors();
    bool ready = start_video(reason, sizeof reason);
    if (ready) {
        opened->window = SDL_CreateWindow(title, SDL_WINDOWPOS_UNDEFINED, SDL_WINDOWPOS_UNDEFINED, width, height,
                                          SDL_WINDOW_RESIZABLE);
        const SDL_Surface *surface = opened->window ? SDL_GetWindowSurface(opened->window) : NULL;
        snprintf(reason, sizeof reason, "%s", SDL_GetError());
        ready = surface != NULL;
        if (ready) {
            measure_pixels(opened, surface);
        }
    }
    if (!ready) {
        bm_window_close(opened);
        return bm_fail(error, "cannot open a window: %s", reason);
    }
    survive_lost_display(opened);
    SDL_StartTextInput();
    SDL_EventState(SDL_FINGERMOTION, SDL_IGNORE); /* it moves the mouse as well */
    *window = opened;
    return BM_OK;
}

void bm_window_close(bm_window *window) {
    if (!window) {
        return;
    }
    if (!window->lost) { /* else SDL would wait for ever for the server's word that the window is gone */
        if (window->window) {
            SDL_DestroyWindow(window->window);
        }
        SDL_Quit();
    }
    free(window);
}

void bm_window_title(bm_window *window, const char *title) {
    if (!window->lost) {
        SDL_SetWindowTitle(window->window, title);
    }
}

void bm_window_size(bm_window *window, int *width, int *height) {
    SDL_GetWindowSize(window->window, width, height);
}

bool bm_window_interactive(const bm_window *window) {
    static const char *const unseen[] = {"dummy", "offscreen", "evdev"};
    (void)window;
    const char *driver = SDL_GetCurrentVideoDriver();
    for (size_t i = 0; i < sizeof unseen / sizeof unseen[0]; i++) {
        if (!driver || strcmp(driver, unseen[i]) == 0) {
            return false;
        }
    }
    return true;
}

/* ---- showing ---------------------------------------------------------------------------------------------------- */

static bool copy_rows(SDL_Surface *surface, const uint32_t *pixels, int width, int height, int stride) {
    const Uint32 format = surface->format->format;
    if (format != SDL_PIXELFORMAT_ARGB8888 && format != SDL_PIXELFORMAT_RGB888) {
        return SDL_ConvertPixels(width, height, SDL_PIXELFORMAT_ARGB8888, pixels, stride * 4, format, surface->pixels,
                                 surface->pitch) == 0;
    }
    for (int y = 0; y < height; y++) {
        memcpy((char *)surface->pixels + (size_t)y * (size_t)surface->pitch, pixels + (size_t)y * (size_t)stride,
               (size_t)width * sizeof *pixels);
    }
    return true;
}

static bool blank(SDL_Surface *surface, int x, int y) { /* all that lies right of x or below y */
    const Uint32 white = SDL_MapRGB(surface->format, 255, 255, 255);
    const SDL_Rect right = {x, 0, surface->w - x, y}, below = {0, y, surface->w, surface->h - y};
    return (right.w <= 0 || SDL_FillRect(surface, &right, white) == 0) &&
           (below.h <= 0 || SDL_FillRect(surface, &below, white) == 0);
}

bm_status bm_window_show(bm_window *window, const uint32_t *pixels, int width, int height, bm_error *error) {
    if (window->lost) {
        return bm_fail(error, "the window's display is gone");
    }
    SDL_Surface *surface = SDL_GetWindowSurface(window->window); /* another one after every change of size */
    if (!surface || (SDL_MUSTLOCK(surface) && SDL_LockSurface(surface) != 0)) {
        return bm_fail(error, "cannot draw in the window: %s", SDL_GetError());
    }
    measure_pixels(window, surface);
    const int w = width < surface->w ? width : surface->w, h = height < surface->h ? height : surface->h;
    const bool copied = copy_rows(surface, pixels, w, h, width);
    if (SDL_MUSTLOCK(surface)) {
        SDL_UnlockSurface(surface);
    }
    if (!copied || !blank(surface, w, h) || SDL_UpdateWindowSurface(window->window) != 0) {
        return bm_fail(error, "cannot draw in the window: %s", SDL_GetError());
    }
    return BM_OK;
}

/* ---- events ----------------------------------------------------------------------------------------------------- */

static const char *name_of_key(SDL_Keycode key) { /* of keys that type nothing; NULL: no name */
    static const struct {
        SDL_Keycode key;
        const char *name;
    } names[] = {
        {SDLK_SPACE, "space"},
        {SDLK_ESCAPE, "escape"},
        {SDLK_RETURN, "return"},
        {SDLK_KP_ENTER, "return"},
        {SDLK_TAB, "tab"},
        {SDLK_LEFT, "left"},
        {SDLK_RIGHT, "right"},
        {SDLK_UP, "up"},
        {SDLK_DOWN, "down"},
        {SDLK_PAGEUP, "pageup"},
        {SDLK_PAGEDOWN, "pagedown"},
        {SDLK_HOME, "home"},
        {SDLK_BACKSPACE, "backspace"},
        {SDLK_END, "end"},
        {SDLK_F1, "f1"},
        {SDLK_F2, "f2"},
        {SDLK_F3, "f3"},
        {SDLK_F4, "f4"},
        {SDLK_F5, "f5"},
        {SDLK_F6, "f6"},
        {SDLK_F7, "f7"},
        {SDLK_F8, "f8"},
        {SDLK_F9, "f9"},
        {SDLK_F10, "f10"},
        {SDLK_F11, "f11"},
        {SDLK_F12, "f12"},
        {SDLK_KP_4, "left"},
        {SDLK_KP_6, "right"},
        {SDLK_KP_8, "up"},
        {SDLK_KP_2, "down"},
        {SDLK_KP_7, "home"},
        {SDLK_KP_1, "end"},
        {SDLK_KP_9, "pageup"},
        {SDLK_KP_3, "pagedown"}, /* the keypad without NumLock */
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (names[i].key == key) {
            return names[i].name;
        }
    }
    return NULL;
}

/* A key that types is followed at once by its text, which alone knows the keyboard's layout. */
static bool take_text(char text[SDL_TEXTINPUTEVENT_TEXT_SIZE]) {
    SDL_Event next;
    if (SDL_PeepEvents(&next, 1, SDL_PEEKEVENT, SDL_FIRSTEVENT, SDL_LASTEVENT) != 1 || next.type != SDL_TEXTINPUT) {
        return false;
    }
    memcpy(text, next.text.text, SDL_TEXTINPUTEVENT_TEXT_SIZE);
    SDL_PeepEvents(&next, 1, SDL_GETEVENT, SDL_TEXTINPUT, SDL_TEXTINPUT);
    return true;
}

static void name_character(char name[BM_KEY_NAME], const char *text) { /* letters in lower case */
    if (strcmp(text, " ") == 0) {
        snprintf(name, BM_KEY_NAME, "space");
    } else if (strlen(text) < BM_KEY_NAME) {
        snprintf(name, BM_KEY_NAME, "%s", text);
        name[0] = (char)(name[0] >= 'A' && name[0] <= 'Z' ? name[0] - 'A' + 'a' : name[0]);
    }
}

/* "" where the key has no name, or belongs to the desktop. Where the alphabet is another one, it is the Latin letter
 * printed on the same key: shortcuts work there too. */
static void name_key(char name[BM_KEY_NAME], const SDL_Keysym *key) {
    char text[SDL_TEXTINPUTEVENT_TEXT_SIZE] = "";
    const bool typed = take_text(text), shortcut = (key->mod & (KMOD_CTRL | KMOD_LALT | KMOD_GUI)) != 0;
    const char *fixed = name_of_key(key->sym);
    if (!typed && key->sym > ' ' && key->sym < 127) { /* this driver sends no text */
        text[0] = (char)key->sym;
    }
    name[0] = '\0';
    if (fixed && !typed) {
        snprintf(name, BM_KEY_NAME, "%s", fixed);
    } else if (shortcut) {
        return;
    } else if (text[0] > 0) {
        name_character(name, text);
    } else if (key->scancode >= SDL_SCANCODE_A && key->scancode <= SDL_SCANCODE_Z) {
        snprintf(name, BM_KEY_NAME, "%c", 'a' + (int)(key->scancode - SDL_SCANCODE_A));
    } else {
        name_character(name, text);
    }
}

static bool translate_key(bm_window *window, const SDL_KeyboardEvent *key, bm_event *event) {
    if (key->keysym.scancode < 0 || key->keysym.scancode >= SDL_NUM_SCANCODES) {
        return false;
    }
    char *held = window->held[key->keysym.scancode];
    if (key->type == SDL_KEYDOWN) {
        name_key(held, &key->keysym);
    }
    *event = (bm_event){.kind = BM_EVENT_KEY, .down = key->type == SDL_KEYDOWN, .repeat = key->repeat != 0};
    memcpy(event->key, held, BM_KEY_NAME);
    if (key->type == SDL_KEYUP) {
        held[0] = '\0';
    }
    return event->key[0] != '\0';
}

static void tell_mouse(bm_window *window, bm_event_kind kind, int button, int wheel, bm_event *event) {
    *event = (bm_event){.kind = kind, .x = window->mouse_x, .y = window->mouse_y, .button = button, .wheel = wheel};
}

static void move_mouse(bm_window *window, int x, int y) {
    window->mouse_x = (int)floor((x + 0.5) * window->scale_x);
    window->mouse_y = (int)floor((y + 0.5) * window->scale_y);
}

static int lowest_button(const bm_window *window) {
    for (int button = SDL_BUTTON_LEFT; button <= SDL_BUTTON_RIGHT; button++) {
        if (window->buttons & SDL_BUTTON(button)) {
            return button;
        }
    }
    return 0;
}

/* Of motions that wait in a row only the last counts. What came between two of them, a button above all, keeps its
 * place. */
static void translate_motion(bm_window *window, const SDL_MouseMotionEvent *motion, bm_event *event) {
    SDL_Event next = {.motion = *motion};
    do {
        move_mouse(window, next.motion.x, next.motion.y);
    } while (SDL_PeepEvents(&next, 1, SDL_PEEKEVENT, SDL_FIRSTEVENT, SDL_LASTEVENT) == 1 &&
             next.type == SDL_MOUSEMOTION &&
             SDL_PeepEvents(&next, 1, SDL_GETEVENT, SDL_MOUSEMOTION, SDL_MOUSEMOTION) == 1);
    tell_mouse(window, BM_EVENT_MOTION, lowest_button(window), 0, event);
}

_Static_assert(SDL_BUTTON_LEFT == 1 && SDL_BUTTON_MIDDLE == 2 && SDL_BUTTON_RIGHT == 3,
               "buttons are numbered as SDL does");

static bool translate_button(bm_window *window, const SDL_MouseButtonEvent *button, bm_event *event) {
    if (button->button < SDL_BUTTON_LEFT || button->button > SDL_BUTTON_RIGHT) {
        return false;
    }
    const bool press = button->type == SDL_MOUSEBUTTONDOWN;
    const unsigned bit = SDL_BUTTON(button->button);
    window->buttons = press ? window->buttons | bit : window->buttons & ~bit;
    /* What is dragged out of the window is still ours. A driver that cannot do it has no outside, or does so by
     * itself. */
    (void)SDL_CaptureMouse(window->buttons ? SDL_TRUE : SDL_FALSE);
    move_mouse(window, button->x, button->y);
    tell_mouse(window, press ? BM_EVENT_PRESS : BM_EVENT_RELEASE, button->button, 0, event);
    return true;
}

static bool translate(bm_window *window, const SDL_Event *from, bm_event *event) {
    switch (from->type) {
    case SDL_KEYDOWN:
    case SDL_KEYUP:
        return translate_key(window, &from->key, event);
    case SDL_MOUSEMOTION:
        translate_motion(window, &from->motion, event);
        return true;
    case SDL_MOUSEBUTTONDOWN:
    case SDL_MOUSEBUTTONUP:
        return translate_button(window, &from->button, event);
    case SDL_MOUSEWHEEL:
        tell_mouse(window, BM_EVENT_WHEEL, 0, from->wheel.y, event);
        return from->wheel.y != 0;
    case SDL_QUIT: /* follows the close button of the last window */
        *event = (bm_event){.kind = BM_EVENT_CLOSE};
        return true;
    case SDL_WINDOWEVENT:
        *event = (bm_event){.kind = BM_EVENT_REDRAW};
        return from->window.event == SDL_WINDOWEVENT_SIZE_CHANGED || from->window.event == SDL_WINDOWEVENT_EXPOSED;
    default:
        return false;
    }
}

bool bm_window_event(bm_window *window, int timeout_ms, bm_event *event) {
    const Uint32 start = SDL_GetTicks();
    while (!window->lost) {
        const Uint32 passed = SDL_GetTicks() - start;
        const int left = timeout_ms > 0 && passed < (Uint32)timeout_ms ? timeout_ms - (int)passed : 0;
        SDL_Event from;
        if (!(left > 0 ? SDL_WaitEventTimeout(&from, left) : SDL_PollEvent(&from))) {
            if (window->lost) {
                break;
            }
            return false;
        }
        if (translate(window, &from, event)) {
            return true;
        }
    }
    *event = (bm_event){.kind = BM_EVENT_CLOSE};
    return true;
}

#endif
