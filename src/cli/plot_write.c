/* A plot as a file: SVG, PNG or a page, as its name ends. */
#include <string.h>
#include <strings.h>

#include "cli/cli.h"
#include "cli/picture.h"
#include "cli/plot.h"
#include "core/io.h"

typedef bm_status plot_writer(bm_plot *plot, const char *path, bm_error *error);

static void draw_picture(void *context, bm_canvas *canvas) {
    bm_plot_draw(context, true, canvas);
}

static bm_status write_picture(bm_plot *plot, const char *path, bm_error *error) {
    double width, height;
    bm_plot_size(plot, &width, &height);
    return bm_picture_write(path, (int)width, (int)height, draw_picture, plot, error);
}

static bm_status write_html(bm_plot *plot, const char *path, bm_error *error) {
    bm_markup page = {0};
    bm_status status = bm_plot_html(plot, path, &page, error);
    if (status == BM_OK) {
        status = bm_write_file(path, page.text, page.bytes, error);
    }
    bm_markup_free(&page);
    return status;
}

/* NULL: the name ends in something else. */
static plot_writer *writer_of(const char *path) {
    static const struct {
        const char *ending;
        plot_writer *write;
    } formats[] = {{".svg", write_picture}, {".png", write_picture}, {".html", write_html}};
    const char *dot = strrchr(path, '.');
    for (size_t i = 0; dot && i < sizeof formats / sizeof formats[0]; i++) {
        if (strcasecmp(dot, formats[i].ending) == 0) {
            return formats[i].write;
        }
    }
    return NULL;
}

bm_status bm_plot_check(const char *path, bm_error *error) {
    plot_writer *write = writer_of(path);
    if (!write) {
        return bm_invalid(error, "%s ends in nothing that plot writes; choose .svg, .png or .html", path);
    }
    return write == write_picture ? bm_picture_check(path, error) : bm_cli_check_folder(path, error);
}

bm_status bm_plot_write(bm_plot *plot, const char *path, bm_error *error) {
    plot_writer *write = writer_of(path);
    return write ? write(plot, path, error) : bm_plot_check(path, error);
}
