package dev.sluice.walservice.objectstore;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.checksums.RequestChecksumCalculation;
import software.amazon.awssdk.core.checksums.ResponseChecksumValidation;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.S3ClientBuilder;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Request;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Response;
import software.amazon.awssdk.services.s3.model.NoSuchKeyException;
import software.amazon.awssdk.services.s3.model.S3Exception;

/**
 * Objects in a bucket of S3, or of something that speaks its protocol. Credentials are found where
 * the AWS SDK looks for them: system properties, environment, {@code ~/.aws}, the machine's role.
 */
public final class S3Store implements ObjectStore {
    private static final Duration CONNECT = Duration.ofSeconds(5);
    private static final Duration ATTEMPT = Duration.ofSeconds(30);
    private static final Duration CALL = Duration.ofMinutes(2);
    private static final int RANGE_NOT_SATISFIABLE = 416;

    private final S3Client client;
    private final String bucket;
    private final String prefix;

    private S3Store(S3Client client, String bucket, String prefix) {
        this.client = client;
        this.bucket = bucket;
        this.prefix = prefix;
    }

    /** Connects at the first use. */
    public static S3Store open(ObjectStoreAddress.S3 address) {
        S3ClientBuilder builder =
                S3Client.builder()
                        .httpClientBuilder(
                                UrlConnectionHttpClient.builder()
                                        .connectionTimeout(CONNECT)
                                        .socketTimeout(ATTEMPT))
                        .overrideConfiguration(
                                c -> c.apiCallAttemptTimeout(ATTEMPT).apiCallTimeout(CALL))
                        // Objects have checksums of their own, and not every server knows the new
                        // headers.
                        .requestChecksumCalculation(RequestChecksumCalculation.WHEN_REQUIRED)
                        .responseChecksumValidation(ResponseChecksumValidation.WHEN_REQUIRED);
        if (address.endpoint() != null) {
            builder.endpointOverride(address.endpoint())
                    .forcePathStyle(true)
                    .region(Region.of(address.region() == null ? "us-east-1" : address.region()));
        } else if (address.region() != null) {
            builder.region(Region.of(address.region()));
        }
        try {
            return new S3Store(
                    builder.build(),
                    address.bucket(),
                    address.prefix().isEmpty() ? "" : address.prefix() + "/");
        } catch (SdkException e) {
            throw new IllegalArgumentException(address + " cannot be used: " + e.getMessage(), e);
        }
    }

    @Override
    public String place(String key) {
        return "s3://" + bucket + "/" + prefix + key;
    }

    private String key(String key) {
        return prefix + ObjectKey.checked(key);
    }

    @Override
    public void put(String key, ByteBuffer content) throws IOException {
        try {
            client.putObject(
                    r -> r.bucket(bucket).key(key(key)),
                    RequestBody.fromRemainingByteBuffer(content.duplicate()));
        } catch (SdkException e) {
            throw failure("write", key, e);
        }
    }

    @Override
    public byte[] read(String key, long offset, int length) throws IOException {
        if (length == 0) {
            return new byte[0];
        }
        String range = "bytes=" + offset + "-" + (offset + length - 1);
        try {
            return client.getObjectAsBytes(r -> r.bucket(bucket).key(key(key)).range(range))
                    .asByteArrayUnsafe();
        } catch (NoSuchKeyException e) {
            throw new NoSuchObjectException(place(key));
        } catch (S3Exception e) {
            if (e.statusCode() == RANGE_NOT_SATISFIABLE) {
                return new byte[0];
            }
            throw failure("read", key, e);
        } catch (SdkException e) {
            throw failure("read", key, e);
        }
    }

    @Override
    public Page list(String wanted, @Nullable String from, int most) throws IOException {
        try {
            ListObjectsV2Response page =
                    client.listObjectsV2(
                            ListObjectsV2Request.builder()
                                    .bucket(bucket)
                                    .prefix(prefix + wanted)
                                    .continuationToken(from)
                                    .maxKeys(most)
                                    .build());
            List<Listed> objects =
                    page.contents().stream()
                            .map(o -> new Listed(o.key().substring(prefix.length()), o.size()))
                            .filter(o -> ObjectKey.is(o.key()))
                            .toList();
            return new Page(
                    objects,
                    Boolean.TRUE.equals(page.isTruncated()) ? page.nextContinuationToken() : null);
        } catch (SdkException e) {
            throw failure("list", wanted, e);
        }
    }

    @Override
    public void delete(String key) throws IOException {
        try {
            client.deleteObject(r -> r.bucket(bucket).key(key(key)));
        } catch (SdkException e) {
            throw failure("delete", key, e);
        }
    }

    private IOException failure(String what, String key, SdkException e) {
        return new IOException("cannot " + what + " " + place(key) + ": " + e.getMessage(), e);
    }

    @Override
    public String toString() {
        return "s3://" + bucket + "/" + prefix;
    }

    @Override
    public void close() {
        client.close();
    }
}
