#include "CEpoll.h"

// Embedded Swift's strings can be another system's, which is kept in UTF-16 (NSString), and each of their functions has a
// way for those. On Linux there are none: nothing here makes such a string, or an index into one. So nobody ever goes
// there, and that is all that the functions below say. The toolchain's own are weak symbols, these take their place, and
// the linker leaves those out with all that they need: 5 kB. With a toolchain that calls them otherwise they are not used.
#if defined(LOCALPROXY_EMBEDDED)

void cepoll_foreign_string(void);
void cepoll_foreign_string(void) { __builtin_trap(); }

#define NEVER_CALLED(number, name) \
  void cepoll_foreign_string_##number(void) __asm__(name) __attribute__((alias("cepoll_foreign_string")))

#define OF_UTF8_VIEW "$eSS8UTF8ViewV"
#define OF_STRING_GUTS "$es11_StringGutsV"
#define IN_ITS_FILE "33_408A76AB043BD3EFBAB6FAAAAA9B4914LL"

NEVER_CALLED(1, OF_UTF8_VIEW "13_foreignCountSiyF");
NEVER_CALLED(2, OF_UTF8_VIEW "13_foreignIndex5afterSS0D0VAF_tF");
NEVER_CALLED(3, OF_UTF8_VIEW "13_foreignIndex6beforeSS0D0VAF_tF");
NEVER_CALLED(4, OF_UTF8_VIEW "13_foreignIndex_8offsetBySS0D0VAF_SitF");
NEVER_CALLED(5, OF_UTF8_VIEW "16_foreignDistance4from2toSiSS5IndexV_AGtF");
NEVER_CALLED(6, OF_UTF8_VIEW "17_foreignSubscript8positions5UInt8VSS5IndexV_tF");
NEVER_CALLED(7, OF_STRING_GUTS "12_foreignGrow" IN_ITS_FILE "yySiF");
NEVER_CALLED(8, OF_STRING_GUTS "16_foreignCopyUTF84intoSiSgSrys5UInt8VG_tF");
NEVER_CALLED(9, OF_STRING_GUTS "18foreignScalarAlignySS5IndexVAEF");
NEVER_CALLED(10, OF_STRING_GUTS "21_foreignAppendInPlace" IN_ITS_FILE "yys01_aB5SliceVF");
NEVER_CALLED(11, OF_STRING_GUTS "24_foreignConvertedToSmall" IN_ITS_FILE "s01_fA0VyF");
// Of an index into such a string.
NEVER_CALLED(12, OF_STRING_GUTS "27_slowEnsureMatchingEncodingySS5IndexVAEF");

#endif
