package dev.sluice.gateway;

import java.util.Random;

/** Bytes that somebody hostile sends: random ones, and ones that are nearly right. */
final class Noise {
    private static final String CLIENT_TYPES = "BCdcfDEHFPQSXp";
    private static final String SERVER_TYPES = "RK23CWdcGHDIEVvnNAtS1sZT";
    private static final int[] LENGTHS = {
        -1, 0, 3, 4, 5, 8, 12, 1 << 20, 1 << 30, Integer.MAX_VALUE
    };

    private final Random random;

    Noise(Random random) {
        this.random = random;
    }

    byte[] fromAClient() {
        return random.nextInt(8) == 0 ? startup() : messages(CLIENT_TYPES);
    }

    byte[] fromAServer() {
        return messages(SERVER_TYPES);
    }

    /** A startup packet, more or less. */
    byte[] startup() {
        byte[] bytes = plain(random.nextInt(120) + 8);
        put(
                bytes,
                0,
                random.nextInt(4) == 0 ? LENGTHS[random.nextInt(LENGTHS.length)] : bytes.length);
        put(
                bytes,
                4,
                switch (random.nextInt(5)) {
                    case 0 -> 1234 << 16 | 5678 + random.nextInt(3);
                    case 1 -> 1234 << 16 | 5700;
                    case 2 -> random.nextInt();
                    default -> 3 << 16 | random.nextInt(3);
                });
        return bytes;
    }

    private byte[] messages(String types) {
        if (random.nextInt(6) == 0) {
            return plain(random.nextInt(200));
        }
        java.io.ByteArrayOutputStream all = new java.io.ByteArrayOutputStream();
        for (int i = random.nextInt(3); i >= 0; i--) {
            byte[] bytes = plain(5 + random.nextInt(60));
            bytes[0] = (byte) types.charAt(random.nextInt(types.length()));
            put(
                    bytes,
                    1,
                    random.nextInt(8) == 0
                            ? LENGTHS[random.nextInt(LENGTHS.length)]
                            : bytes.length - 1);
            all.writeBytes(bytes);
        }
        return all.toByteArray();
    }

    /** Small numbers, zeros and letters among the rest: they get further than noise does. */
    private byte[] plain(int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        for (int i = 0; i < length; i++) {
            switch (random.nextInt(4)) {
                case 0 -> bytes[i] = 0;
                case 1 -> bytes[i] = (byte) random.nextInt(13);
                case 2 -> bytes[i] = (byte) ('A' + random.nextInt(58));
                default -> {}
            }
        }
        return bytes;
    }

    private static void put(byte[] bytes, int at, int value) {
        java.nio.ByteBuffer.wrap(bytes).putInt(at, value);
    }
}
