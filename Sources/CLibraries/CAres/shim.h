#include <ares.h>

// A macro until c-ares 1.20, the case of an enum since.
enum { CARES_NO_ERROR = ARES_SUCCESS };
