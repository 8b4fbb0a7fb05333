package dev.sluice.controlplane.naming;

import java.util.random.RandomGenerator;

/**
 * Makes up ids: {@code misty-sea-12345678} for a project, {@code br-green-mode-afe3fl9y} for a
 * branch, {@code ep-round-unit-afbn7qv4} for an endpoint.
 */
public final class Names {
    private static final String[] ADJECTIVES = {
        "amber", "bold", "brisk", "calm", "clear", "cool", "crisp", "dawn", "deep", "dry", "early",
        "fair", "fresh", "gentle", "green", "hidden", "icy", "jolly", "keen", "late", "lively",
        "long", "lucky", "mellow", "misty", "noble", "odd", "old", "plain", "proud", "quiet",
        "rapid", "round", "shy", "silent", "small", "snowy", "soft", "solid", "spring", "still",
        "sunny", "sweet", "swift", "tidy", "warm", "wild", "wise", "young", "broad"
    };
    private static final String[] NOUNS = {
        "bank",
        "bay",
        "bird",
        "bloom",
        "boat",
        "bread",
        "breeze",
        "brook",
        "cloud",
        "creek",
        "dew",
        "dream",
        "dust",
        "feather",
        "field",
        "fire",
        "flower",
        "fog",
        "forest",
        "frost",
        "glade",
        "grass",
        "hall",
        "haze",
        "heart",
        "hill",
        "lake",
        "leaf",
        "limit",
        "mode",
        "moon",
        "morning",
        "mountain",
        "night",
        "pine",
        "pond",
        "rain",
        "river",
        "rock",
        "sea",
        "shape",
        "silence",
        "sky",
        "snow",
        "sound",
        "star",
        "stream",
        "sun",
        "tooth",
        "tree",
        "truth",
        "unit",
        "voice",
        "water",
        "wave",
        "wind",
        "wood"
    };
    private static final String LETTERS_AND_DIGITS = "abcdefghijklmnopqrstuvwxyz0123456789";
    private static final String PASSWORD_CHARACTERS =
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    private final RandomGenerator random;

    /**
     * @param random unpredictable where {@link #password} is used
     */
    public Names(RandomGenerator random) {
        this.random = random;
    }

    public String projectId() {
        return words() + "-" + characters("0123456789", 8);
    }

    public String branchId() {
        return "br-" + words() + "-" + characters(LETTERS_AND_DIGITS, 8);
    }

    public String endpointId() {
        return "ep-" + words() + "-" + characters(LETTERS_AND_DIGITS, 8);
    }

    /**
     * A password of letters and digits alone, so that it needs no escaping in a URI: some 119 bits.
     */
    public String password() {
        return "slc_" + characters(PASSWORD_CHARACTERS, 20);
    }

    private String words() {
        return ADJECTIVES[random.nextInt(ADJECTIVES.length)]
                + "-"
                + NOUNS[random.nextInt(NOUNS.length)];
    }

    private String characters(String alphabet, int count) {
        StringBuilder text = new StringBuilder(count);
        for (int i = 0; i < count; i++) {
            text.append(alphabet.charAt(random.nextInt(alphabet.length())));
        }
        return text.toString();
    }
}
