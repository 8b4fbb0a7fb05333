package dev.sluice.walservice.objectstore;

import java.io.Closeable;
import java.io.IOException;
import java.net.URI;
import java.util.Properties;
import org.gaul.s3proxy.BlobStores;
import org.gaul.s3proxy.S3Proxy;
import org.gaul.s3proxy.auth.AuthenticationType;
import org.gaul.s3proxy.blobstore.BlobStore;

/**
 * A real S3 server, S3Proxy, with its objects in memory. It checks signatures; the credentials are
 * given to the SDK as system properties.
 */
public final class TestS3 implements Closeable {
    public static final String BUCKET = "sluice-test";
    static final String SECRET = "not-a-secret-of-anybody";

    private final S3Proxy server;

    public TestS3() throws IOException {
        System.setProperty("aws.accessKeyId", "tester");
        System.setProperty("aws.secretAccessKey", SECRET);
        try {
            BlobStore blobs = BlobStores.create("transient-nio2", new Properties());
            blobs.createContainer(BUCKET);
            server =
                    S3Proxy.builder()
                            .blobStore(blobs)
                            .endpoint(URI.create("http://127.0.0.1:0"))
                            .awsAuthentication(AuthenticationType.AWS_V4, "tester", SECRET)
                            .build();
            server.start();
        } catch (Exception e) {
            throw new IOException("the S3 server does not start", e);
        }
    }

    /** With the credentials that the server wants. */
    public String address(String prefix) {
        return "s3://%s/%s?endpoint=http://127.0.0.1:%d"
                .formatted(BUCKET, prefix, server.getPort());
    }

    @Override
    public void close() throws IOException {
        try {
            server.stop();
        } catch (Exception e) {
            throw new IOException("the S3 server does not stop", e);
        }
    }
}
