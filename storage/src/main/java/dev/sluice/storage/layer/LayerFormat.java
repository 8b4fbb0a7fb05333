package dev.sluice.storage.layer;

import dev.sluice.storage.key.Key;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/** The numbers of the layer file format, which {@link LayerFileWriter} documents. */
final class LayerFormat {
    static final int MAGIC = 0x534C4C59;
    static final int VERSION = 1;

    static final int HEADER_BYTES = 84;
    static final int FOOTER_BYTES = 60;

    /** A block's offset, stored length and raw length, after its first key and LSN. */
    static final int INDEX_ENTRY_BYTES = Key.BYTES + 8 + 8 + 4 + 4;

    /** Key, LSN, kind, length of the value. */
    static final int ENTRY_HEADER_BYTES = Key.BYTES + 8 + 1 + 4;

    /** A key and an LSN, big-endian, so that their order is the order of unsigned bytes. */
    static final int VERSIONED_KEY_BYTES = Key.BYTES + 8;

    /** The target size of an uncompressed block; one value alone may be larger. */
    static final int DELTA_BLOCK_BYTES = 32 << 10;

    /** Two pages and their entries' headers. */
    static final int IMAGE_BLOCK_BYTES = 17 << 10;

    static final int VALUE_BYTES_MAX = 256 << 20;

    private LayerFormat() {}

    static int crc(byte[] bytes, int offset, int length) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, offset, length);
        return (int) crc.getValue();
    }

    static byte[] versionedKey(Key key, long lsn) {
        ByteBuffer out = ByteBuffer.allocate(VERSIONED_KEY_BYTES);
        key.write(out);
        return out.putLong(lsn).array();
    }
}
