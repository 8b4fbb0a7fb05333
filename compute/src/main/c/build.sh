#!/bin/sh
# Compiles the shim: build.sh OUTPUT_DIRECTORY. Does nothing when the library is newer than its sources.
set -eu
cd "$(dirname "$0")"
case "$(uname -m)" in
    x86_64) arch=amd64 ;;
    aarch64) arch=aarch64 ;;
    *) echo "sluice: the shim is written for x86_64 and aarch64, this machine is $(uname -m)" >&2; exit 1 ;;
esac
library="$1/$arch/libsluice_shim.so"
newer=$(find . -newer "$library" 2>/dev/null || echo all)
if [ -f "$library" ] && [ -z "$newer" ]; then
    exit 0
fi
compiler=${CC:-gcc}
if ! command -v "$compiler" >/dev/null 2>&1; then
    echo "sluice: '$compiler' is needed to compile the shim (compute/src/main/c): install gcc and libc headers, or set CC" >&2
    exit 1
fi
mkdir -p "$1/$arch"
"$compiler" -std=c11 -O2 -g -Wall -Wextra -Werror -U_FORTIFY_SOURCE -fPIC -fvisibility=hidden \
    -shared -Wl,-z,defs -Wl,-z,now -o "$library.new" ./*.c -ldl -lpthread
mv "$library.new" "$library"
