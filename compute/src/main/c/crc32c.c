/* CRC32C (Castagnoli), as java.util.zip.CRC32C: start with 0, feed pieces in order. */
#include "shim.h"

#include <string.h>

static uint32_t with_table(uint32_t crc, const uint8_t *p, size_t count) {
    static _Atomic bool ready;
    static uint32_t table[256];
    if (!ready) { /* racing threads compute the same values */
        for (uint32_t i = 0; i < 256; i++) {
            uint32_t c = i;
            for (int k = 0; k < 8; k++)
                c = c & 1 ? (c >> 1) ^ 0x82F63B78u : c >> 1;
            table[i] = c;
        }
        ready = true;
    }
    while (count--)
        crc = (crc >> 8) ^ table[(crc ^ *p++) & 0xFF];
    return crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) static uint32_t with_cpu(uint32_t crc, const uint8_t *p,
                                                           size_t count) {
    uint64_t wide = crc;
    for (; count >= 8; count -= 8, p += 8) {
        uint64_t word;
        memcpy(&word, p, 8);
        wide = __builtin_ia32_crc32di(wide, word);
    }
    crc = (uint32_t)wide;
    while (count--)
        crc = __builtin_ia32_crc32qi(crc, *p++);
    return crc;
}

static bool cpu_can(void) {
    return __builtin_cpu_supports("sse4.2");
}
#elif defined(__aarch64__)
#include <sys/auxv.h>

__attribute__((target("+crc"))) static uint32_t with_cpu(uint32_t crc, const uint8_t *p,
                                                         size_t count) {
    for (; count >= 8; count -= 8, p += 8) {
        uint64_t word;
        memcpy(&word, p, 8);
        crc = __builtin_aarch64_crc32cx(crc, word);
    }
    while (count--)
        crc = __builtin_aarch64_crc32cb(crc, *p++);
    return crc;
}

static bool cpu_can(void) {
    return getauxval(AT_HWCAP) & (1 << 7); /* HWCAP_CRC32 */
}
#else
#define with_cpu with_table

static bool cpu_can(void) {
    return false;
}
#endif

uint32_t shim_crc32c(uint32_t crc, const void *bytes, size_t count) {
    return ~(cpu_can() ? with_cpu(~crc, bytes, count) : with_table(~crc, bytes, count));
}
