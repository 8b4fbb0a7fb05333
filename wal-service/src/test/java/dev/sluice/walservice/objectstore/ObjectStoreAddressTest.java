package dev.sluice.walservice.objectstore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ObjectStoreAddressTest {
    @Test
    void folders() {
        assertThat(ObjectStoreAddress.parse("/var/lib/wal/../objects"))
                .isEqualTo(new ObjectStoreAddress.Folder(Path.of("/var/lib/objects")))
                .hasToString("/var/lib/objects");
    }

    @Test
    void buckets() {
        assertThat(ObjectStoreAddress.parse("s3://my-bucket"))
                .isEqualTo(new ObjectStoreAddress.S3("my-bucket", "", null, null));
        String whole = "s3://my-bucket/a/b?endpoint=http://127.0.0.1:9000&region=eu-central-1";
        assertThat(ObjectStoreAddress.parse(whole))
                .isEqualTo(
                        new ObjectStoreAddress.S3(
                                "my-bucket",
                                "a/b",
                                URI.create("http://127.0.0.1:9000"),
                                "eu-central-1"))
                .hasToString(whole);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "http://x/y",
                "s3://",
                "s3://B",
                "s3://bucket/../x",
                "s3://bucket?endpoint=ftp://x",
                "s3://bucket?endpoint=http://user:secret@x",
                "s3://bucket?secret=hush"
            })
    void whatIsNoneIsRefusedAndSecretsAreNotRepeated(String text) {
        assertThatThrownBy(() -> ObjectStoreAddress.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .message()
                .doesNotContain("hush")
                .doesNotContain("secret@");
    }
}
