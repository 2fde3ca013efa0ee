// Two endpoints and the bytes between them, each way through one bounded buffer.
#ifndef FLOOR_RELAY_H
#define FLOOR_RELAY_H

#include "endpoint.h"

void relay_join(struct endpoint *one, struct endpoint *other);
// Moves what can be moved; ends the relay when either side has.
void relay_pump(struct relay *relay);
void relay_end(struct relay *relay);

#endif
