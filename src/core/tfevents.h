#ifndef BM_CORE_TFEVENTS_H
#define BM_CORE_TFEVENTS_H

/* Records of TensorBoard's event files (events.out.tfevents.*), as bytes. Nothing here allocates or can fail. */
#include <stddef.h>
#include <stdint.h>

/* More bytes than any record below takes, for these tags [count]. */
size_t bm_tfevents_bound(const char *const *tags, int count);

/* The record that every file begins with. Returns its bytes. */
size_t bm_tfevents_version(unsigned char *record, double wall_time);

/* One step's scalars: tags [count] with values [count]; those that no finite float can hold are left out. Returns the
 * record's bytes. */
size_t bm_tfevents_scalars(unsigned char *record, double wall_time, int64_t step, const char *const *tags,
                           const double *values, int count);

#endif
