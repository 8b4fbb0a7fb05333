package dev.sluice.gateway.routing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.UnknownHostException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AddressRangeTest {
    @ParameterizedTest
    @CsvSource({
        "10.1.2.3, 10.1.2.3, true",
        "10.1.2.3, 10.1.2.4, false",
        "10.0.0.0/8, 10.255.255.255, true",
        "10.77.0.1/8, 10.0.0.0, true",
        "10.0.0.0/8, 11.0.0.0, false",
        "192.168.1.128/25, 192.168.1.127, false",
        "192.168.1.128/25, 192.168.1.255, true",
        "0.0.0.0/0, 255.255.255.255, true",
        "0.0.0.0/0, ::1, false",
        "10.0.0.250-10.0.1.5, 10.0.1.0, true",
        "10.0.0.250-10.0.1.5, 10.0.1.6, false",
        "200.0.0.1 - 200.0.0.3, 200.0.0.3, true",
        "::1, ::1, true",
        "2001:db8::/33, 2001:db8:7fff::1, true",
        "2001:DB8::/33, 2001:db8:8000::1, false",
        "10.1.2.3, ::ffff:10.1.2.3, true",
    })
    void contains(String range, String address, boolean inside) throws UnknownHostException {
        assertThat(AddressRange.parse(range).contains(InetAddress.getByName(address)))
                .isEqualTo(inside);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "localhost",
                "beef",
                "10.1.2",
                "10.1.2.3.4",
                "10.1.2.256",
                "10.0.0.0/33",
                "10.0.0.0/-1",
                "10.0.0.0/x",
                "::/129",
                "10.0.0.2-10.0.0.1",
                "10.0.0.2-::1",
                "10.0.0.1-",
                "1:2:3"
            })
    void anythingElseIsRefusedWithoutLookingItUp(String text) {
        assertThatThrownBy(() -> AddressRange.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("\"" + text + "\"");
    }

    @Test
    void networks() throws UnknownHostException {
        AddressRange network = AddressRange.networkOf(InetAddress.getByName("10.1.2.3"));
        assertThat(network).isEqualTo(AddressRange.parse("10.1.2.0/24"));
        assertThat(network).hasSameHashCodeAs(AddressRange.parse("10.1.2.77/24"));
        assertThat(AddressRange.networkOf(InetAddress.getByName("2001:db8:1:2:3::4")))
                .isEqualTo(AddressRange.parse("2001:db8:1:2::/64"));
    }
}
