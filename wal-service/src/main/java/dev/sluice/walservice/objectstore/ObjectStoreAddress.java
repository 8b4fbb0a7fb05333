package dev.sluice.walservice.objectstore;

import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Where an object store is, in one line without secrets: a folder's path, or {@code
 * s3://BUCKET[/PREFIX][?endpoint=URL&region=NAME]}. With an endpoint, the bucket is named in the
 * path, as servers other than Amazon's want it.
 */
public sealed interface ObjectStoreAddress {

    /**
     * Makes what is needed at this place; once, before it is used for the first time.
     *
     * @throws IOException if it cannot be used
     */
    void prepare() throws IOException;

    /** Whether it can be reached is found out by who uses it. */
    ObjectStore open();

    record Folder(Path path) implements ObjectStoreAddress {
        public Folder {
            path = path.toAbsolutePath().normalize();
        }

        @Override
        public void prepare() throws IOException {
            FolderStore.prepare(path);
        }

        @Override
        public ObjectStore open() {
            return FolderStore.open(path);
        }

        @Override
        public String toString() {
            return path.toString();
        }
    }

    /**
     * @param prefix of all keys, without slashes at its ends; empty for none
     * @param endpoint null for Amazon's of the region
     * @param region null for the one that the SDK finds
     */
    record S3(String bucket, String prefix, @Nullable URI endpoint, @Nullable String region)
            implements ObjectStoreAddress {
        @Override
        public void prepare() {
            // The bucket is the operator's to make.
        }

        @Override
        public ObjectStore open() {
            return S3Store.open(this);
        }

        @Override
        public String toString() {
            StringBuilder text = new StringBuilder("s3://").append(bucket);
            if (!prefix.isEmpty()) {
                text.append('/').append(prefix);
            }
            char separator = '?';
            if (endpoint != null) {
                text.append(separator).append("endpoint=").append(endpoint);
                separator = '&';
            }
            if (region != null) {
                text.append(separator).append("region=").append(region);
            }
            return text.toString();
        }
    }

    /**
     * @throws IllegalArgumentException what is wrong with it
     */
    static ObjectStoreAddress parse(String text) {
        if (text.isBlank()) {
            throw new IllegalArgumentException("an object store is a folder or s3://bucket/prefix");
        }
        if (!text.startsWith("s3://")) {
            if (text.contains("://")) {
                throw new IllegalArgumentException(
                        "an object store is a folder or s3://bucket/prefix, not \"" + text + "\"");
            }
            return new Folder(Path.of(text));
        }
        int question = text.indexOf('?');
        String place = text.substring("s3://".length(), question < 0 ? text.length() : question);
        int slash = place.indexOf('/');
        String bucket = slash < 0 ? place : place.substring(0, slash);
        String prefix = slash < 0 ? "" : place.substring(slash + 1).replaceAll("/+$", "");
        if (!Names.BUCKET.matcher(bucket).matches()) {
            throw new IllegalArgumentException("\"" + bucket + "\" is not a bucket's name");
        }
        if (!prefix.isEmpty()) {
            ObjectKey.checked(prefix);
        }
        URI endpoint = null;
        String region = null;
        for (String option :
                question < 0 ? new String[0] : text.substring(question + 1).split("&", -1)) {
            if (option.startsWith("endpoint=")) {
                endpoint = endpoint(option.substring("endpoint=".length()));
            } else if (option.startsWith("region=")) {
                region = option.substring("region=".length());
            } else {
                // It may be a password: it is not repeated.
                throw new IllegalArgumentException(
                        "an S3 object store's options are endpoint and region; credentials are"
                                + " given in the environment or in ~/.aws");
            }
        }
        return new S3(bucket, prefix, endpoint, region);
    }

    private static URI endpoint(String text) {
        try {
            URI uri = new URI(text);
            boolean right =
                    ("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()))
                            && uri.getHost() != null
                            && uri.getUserInfo() == null;
            if (!right) {
                throw new IllegalArgumentException(
                        "an S3 endpoint is http://host:port or https://host:port");
            }
            return uri;
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException(
                    "an S3 endpoint is http://host:port or https://host:port", e);
        }
    }

    /** What names look like. */
    final class Names {
        private static final Pattern BUCKET = Pattern.compile("[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]");

        private Names() {}
    }
}
