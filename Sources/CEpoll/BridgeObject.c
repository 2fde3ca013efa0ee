#include "CEpoll.h"

// A mend of Embedded Swift's runtime, as in 6.3, for 64-bit ARM. swift_bridgeObjectRetain is to return what it was given.
// It returns the pointer inside, and the caller goes on with that: a short text then loses bits of its last octet, and
// the program traps. Mended in swiftlang/swift by "[Embedded] Don't corrupt the pointer returned from
// swift_bridgeObjectRetain_n" (pull request 91151); when every toolchain that builds this has it, this file can go.
//
// The runtime's own are weak symbols, so these take their place. Elsewhere nothing that ships reads the result.
#if defined(__aarch64__) && defined(LOCALPROXY_EMBEDDED)

void *swift_bridgeObjectRetain(void *object);
void *swift_bridgeObjectRetain_n(void *object, uint32_t count);
void *swift_retain_n(void *object, uint32_t count);

/// The bits of a bridge object that are the object's address.
static const uintptr_t address_bits = 0x8ffffffffffffff8;

void *swift_bridgeObjectRetain(void *object) {
  return swift_bridgeObjectRetain_n(object, 1);
}

void *swift_bridgeObjectRetain_n(void *object, uint32_t count) {
  swift_retain_n((void *)((uintptr_t)object & address_bits), count);
  return object;
}

#endif
